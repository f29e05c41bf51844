//! Who asks and does not take the answer: it keeps its own connection busy, and nothing else.

use anyhow::{Context, Result, ensure};
use relais_proto::operations::v1::GetBacklogRequest;
use relais_tests::Identity;
use tokio::{io::AsyncWriteExt, time::Instant};

use super::{
    frames::{
        DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, WINDOW, connect, field, fields_to, frame, next,
        next_of,
    },
    limits::{GRPC, limited},
};

const PATH: &str = "/relais.operations.v1.OperationsService/GetBacklog";
/// More calls than may be under way at once.
const CALLS: u32 = 6;

#[tokio::test]
async fn answers_that_nobody_takes_hold_up_nobody() -> Result<()> {
    let mut suite = limited(&[("MAX_IN_FLIGHT", "2"), ("MAX_IN_FLIGHT_PER_ORGANISATION", "2")]).await?;
    let operator = Identity::new("operator", "operator");
    let bearer = field("authorization", format!("Bearer {}", suite.issuer.token(&operator)?).as_bytes());
    let mut peer = connect(&suite).await?;
    // Its window is nothing (SETTINGS_INITIAL_WINDOW_SIZE): heads may come, and no body.
    peer.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])].concat()).await?;
    for n in 0..CALLS {
        let asked = fields_to(PATH, &[GRPC, &bearer].concat());
        let stream = 2 * n + 1;
        peer.write_all(&frame(HEADERS, END_HEADERS, stream, &asked)).await?;
        peer.write_all(&frame(DATA, END_STREAM, stream, &[0; 5])).await?;
        let answer = next_of(&mut peer, HEADERS).await.with_context(|| format!("call {n} waits for those before"))?;
        // Its status would stand in the head if it had been refused.
        ensure!((answer.stream, answer.flags & END_STREAM) == (stream, 0), "call {n} is refused");
    }
    for _ in 0..CALLS {
        suite.session("referral", &operator)?.operations().get_backlog(GetBacklogRequest::default()).await?;
    }
    // What is there is sent as soon as there is room.
    peer.write_all(&frame(WINDOW, 0, 1, &1_000_u32.to_be_bytes())).await?;
    let sent = next_of(&mut peer, DATA).await?;
    ensure!(sent.stream == 1, "{} was let go on, not 1", sent.stream);
    // Nor does it hold up the end.
    suite.end("referral")?;
    let began = Instant::now();
    ensure!(suite.until_ended("referral").await?.success(), "it did not end well");
    ensure!(began.elapsed().as_secs() < 15, "it ended after {:?}", began.elapsed());
    while next(&mut peer).await?.is_some() {}
    suite.stop().await
}
