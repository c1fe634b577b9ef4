use super::*;

async fn line(writer: &Writer, text: String) -> Result<(), Error> {
    let patience = Instant::now() + Duration::from_secs(5);
    let slot = writer.slot(patience).await?;
    slot.take_line(text.into_bytes()).written(patience).await
}

#[tokio::test]
async fn every_line_is_written_before_its_call_is_answered_even_when_the_queue_was_full() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let writer = Writer::start(&path, Rotation::default()).unwrap();
    let lines = (0..3 * QUEUE).map(|n| line(&writer, format!("{n}\n")));
    assert!(futures_util::future::join_all(lines).await.iter().all(Result::is_ok));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 3 * QUEUE);
}

/// `/dev/full` takes nothing and says that it is full.
#[tokio::test]
async fn while_nothing_can_be_written_calls_are_refused_at_once_and_a_file_that_can_be_is_gone_over_to() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let writer = Writer::start(&path, Rotation::default()).unwrap();
    let began = Instant::now();
    let first = line(&writer, "one\n".to_owned()).await.unwrap_err();
    assert_eq!((first.get("cause"), first.get("audit")), (Some("audit"), Some("disk_full")));
    assert!(first.retry_delay().is_some());
    for _ in 0..2 * QUEUE {
        assert!(line(&writer, "none\n".to_owned()).await.is_err());
        writer.attempt("action", "API_KEY_INVALID");
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    std::fs::remove_file(&path).unwrap();
    writer.reopen();
    writer.flush().await;
    line(&writer, "two\n".to_owned()).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines[2], lines.len()), ("one", "two", 3), "{text}");
    let sum: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(sum["attempts"], 2 * QUEUE);
}
