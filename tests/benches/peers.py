"""Proxies of others, each with one worker, no access log, and its connections to the service kept open."""

import json
import os

# Both would otherwise close a connection after so many calls.
FOREVER = 1_000_000_000

NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests {forever};
    keepalive_time 1h;
    tcp_nodelay on;
    upstream service {{
        server 127.0.0.1:{service};
        keepalive 128;
        keepalive_requests {forever};
        keepalive_time 1h;
    }}
    server {{
        listen 127.0.0.1:{port} http2;
        location / {{ grpc_pass grpc://service; }}
    }}
}}
"""


def nginx(processes, program, service):
    """Starts nginx before a service; returns it and its port."""
    port, folder = processes.port(), processes.folder / "nginx"
    folder.mkdir()
    # As root, the worker would become another user, who may not enter this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, service=service, forever=FOREVER, user=user))
    return processes.start("nginx", [program, "-e", "stderr", "-p", folder, "-c", config], port), port


def envoy(processes, program, service):
    """Starts Envoy before a service, injecting one credential for all; returns it and its port."""
    port, config = processes.port(), processes.folder / "envoy.json"
    config.write_text(json.dumps(_envoy(port, service)))
    command = [program, "-c", config, "--concurrency", 1, "--disable-hot-restart", "--log-level", "warn"]
    return processes.start("envoy", command, port), port


def _envoy(port, service):
    def typed(name, **fields):
        return {"@type": f"type.googleapis.com/{name}"} | fields

    def address(number):
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    extensions = "envoy.extensions"
    router = typed(f"{extensions}.filters.http.router.v3.Router")
    # The nearest thing that Envoy has: one fixed credential for every caller.
    generic = typed(
        f"{extensions}.http.injected_credentials.generic.v3.Generic", credential={"name": "credential"}, header="x-credential"
    )
    injector = typed(
        f"{extensions}.filters.http.credential_injector.v3.CredentialInjector",
        overwrite=True,
        credential={"name": "envoy.http.injected_credentials.generic", "typed_config": generic},
    )
    manager = typed(
        f"{extensions}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="in",
        codec_type="HTTP2",
        http_filters=[
            {"name": "envoy.filters.http.credential_injector", "typed_config": injector},
            {"name": "envoy.filters.http.router", "typed_config": router},
        ],
        route_config={
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "service"}}]}
            ]
        },
    )
    http2 = typed(
        f"{extensions}.upstreams.http.v3.HttpProtocolOptions", explicit_http_config={"http2_protocol_options": {}}
    )
    cluster = {
        "name": "service",
        "type": "STATIC",
        "connect_timeout": "5s",
        # By default, Envoy itself refuses what is beyond 1,024 calls at a time.
        "circuit_breakers": {"thresholds": [{"max_requests": 65_536, "max_pending_requests": 65_536}]},
        "typed_extension_protocol_options": {f"{extensions}.upstreams.http.v3.HttpProtocolOptions": http2},
        "load_assignment": {
            "cluster_name": "service",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(service)}}]}],
        },
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    listener = {"name": "in", "address": address(port), "filter_chains": [chain]}
    secret = {"name": "credential", "generic_secret": {"secret": {"inline_string": "x" * 400}}}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster], "secrets": [secret]}}
