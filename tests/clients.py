"""The main job with grpcio, reflection (v1alpha) and PyNaCl: what a backend in another language does."""
import os
import time

import grpc
import nacl.public
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(os.environ["GATEWAY"])
pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
key = ("authorization", "Bearer " + os.environ["KEY"])


def new(name, **fields):
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))()
    return json_format.ParseDict(fields, message)


def call(service, method, account=None, **fields):
    described = pool.FindServiceByName(service).FindMethodByName(method)
    answer = message_factory.GetMessageClass(described.output_type)
    run = channel.unary_unary(f"/{service}/{method}", lambda m: m.SerializeToString(), answer.FromString)
    metadata = [key] + ([("granary-account", account)] if account else [])
    return run(new(described.input_type.full_name, **fields), metadata=metadata, timeout=10)


VAULT, TOOLS = "granary.vault.v1.CredentialVault", "granary.gateway.v1.ToolService"
call(VAULT, "GetOrCreateConnectedAccount", identifier="user_python")
sealing = call(VAULT, "GetSealingKey")
inside = new(
    "granary.vault.v1.SealedCredential",
    sealed_for={"api_key_id": os.environ["KEY"].split("_")[1]},
    identifier="user_python",
    harvest_token={"access_token": os.environ["TOKEN"], "account_id": int(os.environ["HARVEST_ACCOUNT"])},
    not_after=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300)),
)
box = nacl.public.SealedBox(nacl.public.PublicKey(sealing.public_key)).encrypt(inside.SerializeToString())
request = new("granary.vault.v1.PutSealedCredentialRequest", identifier="user_python", key_id=sealing.key_id)
request.sealed_box = box
put = channel.unary_unary(
    f"/{VAULT}/PutSealedCredential",
    lambda m: m.SerializeToString(),
    message_factory.GetMessageClass(pool.FindMessageTypeByName("granary.vault.v1.PutSealedCredentialResponse")).FromString,
)
# What a channel may be set to do with every request.
assert put(request, metadata=[key], timeout=10, compression=grpc.Compression.Gzip).credential.version == 1
try:
    put(request, metadata=[key], timeout=10)
    raise SystemExit("a replayed box was taken")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error

entry = {"project_id": 12345678, "task_id": 87654321, "spent_date": "2026-03-31", "hours": 1.5, "notes": "from Python"}
answer = call(TOOLS, "ExecuteTool", identifier="user_python", tool_name="log_time_entry", tool_input=entry)
assert answer.data["hours"] == 1.5 and answer.data["notes"] == "from Python", answer
listed = call("granary.harvest.v1.HarvestTime", "ListTimeEntries", account="user_python")
assert any(e.notes == "from Python" for e in listed.time_entries)
assert len(call(TOOLS, "ListTools").tools) >= 14
print("python: all of it")
