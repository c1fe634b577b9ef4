//! Requests that are compressed, and what a few bytes of gzip may cost.
use std::io::{Read, Write};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use granary_rpc::Reason;
use granary_testkit::Hostile;
use granary_testkit::hostile::{EMPTY, Ended};

use super::{Deployment, GET_ACCOUNT, HEALTH, REFLECTION, TIME_ENTRY, TOOL, sized};

const LIST_TOOLS: &str = "/granary.gateway.v1.ToolService/ListTools";
const TIMEOUT: Duration = Duration::from_secs(5);

/// A message as one gRPC frame in gzip.
fn packed(message: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(message).unwrap();
    flagged(&encoder.finish().unwrap())
}

/// Bytes as a frame that says it is compressed.
fn flagged(bytes: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(1);
    frame.put_u32(bytes.len().try_into().unwrap());
    frame.put(bytes);
    frame.freeze()
}

async fn call(caller: &Hostile, path: &str, body: Bytes) -> Ended {
    caller.connect().await.call(path, body).await.expect("a call").end(TIMEOUT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gzip_is_taken_and_another_encoding_is_refused_by_its_name() {
    let deployment = Deployment::open(&[]).await;
    for listener in ["gateway", "vault", "harvest-time", "linkedin-data"] {
        let caller = deployment.evil.clone().at(&deployment.cluster.address(listener));
        for (path, encoding) in [HEALTH, TIME_ENTRY, TOOL, GET_ACCOUNT]
            .into_iter()
            .flat_map(|path| ["deflate", "x-unheard-of"].map(|encoding| (path, encoding)))
            .chain([(REFLECTION, "gzip")])
        {
            let ended =
                call(&caller.clone().with("grpc-encoding", encoding), path, flagged(&[31, 139])).await;
            let told = format!("{listener} {path} {encoding}: {ended}");
            assert_eq!(ended.reason(), Some(Reason::EncodingUnknown), "{told}");
            let status = ended.status.expect("a status");
            assert!(status.message().contains(encoding), "{told}");
            assert_eq!(status.metadata().get("grpc-accept-encoding").unwrap(), "identity,gzip", "{told}");
        }
        let gzip = caller.with("grpc-encoding", "gzip");
        assert!(call(&gzip, HEALTH, packed(b"")).await.is_ok(), "{listener}");
        // A message that is not compressed may stand among those that may be.
        assert!(call(&gzip, HEALTH, Bytes::from_static(EMPTY)).await.is_ok(), "{listener}");
    }
    let gzip = deployment.evil.clone().with("grpc-encoding", "gzip");
    let tools = call(&gzip, LIST_TOOLS, packed(b"")).await;
    assert!(tools.is_ok() && tools.bytes > 10_000, "{tools}");
    let account =
        prost::Message::encode_to_vec(&granary_proto::granary::vault::v1::GetConnectedAccountRequest {
            identifier: "evil-user".into(),
        });
    assert!(call(&gzip, GET_ACCOUNT, packed(&account)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_bytes_that_inflate_to_megabytes_are_refused_and_keep_nobody_waiting() {
    let deployment = Deployment::open(&[]).await;
    let gzip = deployment.evil.clone().with("grpc-encoding", "gzip");
    let bomb = packed(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    deployment.cluster.process("gateway").forget_peak();
    let before = deployment.cluster.process("gateway").most_resident();
    let calling = deployment.good.clone().rate(40).start().await;
    for _ in 0..sized(20, 400) {
        for path in [TOOL, TIME_ENTRY, HEALTH] {
            let ended = call(&gzip, path, bomb.clone()).await;
            assert_eq!(ended.reason(), Some(Reason::LimitExceeded), "{path}: {ended}");
        }
    }
    calling.stop().await.assert_unharmed();
    let grown = deployment.cluster.process("gateway").most_resident().saturating_sub(before) >> 20;
    assert!(grown < 64, "{grown} MiB for messages of which 4 MiB are taken");
    for (what, body, caller) in [
        ("what is no gzip", flagged(b"no gzip"), &gzip),
        ("gzip that is cut off", flagged(&packed(b"hello")[5..15]), &gzip),
        ("gzip that nobody announced", packed(b""), &deployment.evil),
    ] {
        let ended = call(caller, TOOL, body).await;
        assert_eq!(ended.reason(), Some(Reason::InvalidInput), "{what}: {ended}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_compressed_where_a_setting_and_the_caller_say_so() {
    let deployment = Deployment::open(&["gateway.limits.compress_answers_above=1000"]).await;
    let plain = call(&deployment.evil, LIST_TOOLS, Bytes::from_static(EMPTY)).await;
    let takes = deployment.evil.clone().with("grpc-accept-encoding", "identity,gzip");
    let (ended, body) = {
        let mut connection = takes.connect().await;
        connection.call(LIST_TOOLS, Bytes::from_static(EMPTY)).await.expect("a call").collect(TIMEOUT).await
    };
    assert!(plain.is_ok() && ended.is_ok(), "{plain}; {ended}");
    assert!(ended.bytes * 3 < plain.bytes, "{} of {} bytes", ended.bytes, plain.bytes);
    assert_eq!(body[0], 1, "the message says that it is compressed");
    let mut message = Vec::new();
    GzDecoder::new(&body[5..]).read_to_end(&mut message).unwrap();
    assert_eq!(message.len() + EMPTY.len(), plain.bytes, "nothing of it is lost");
    // A small one goes as it is.
    let mut connection = takes.connect().await;
    let (ended, body) =
        connection.call(HEALTH, Bytes::from_static(EMPTY)).await.expect("a call").collect(TIMEOUT).await;
    assert!(ended.is_ok() && body[0] == 0, "{ended}");
}
