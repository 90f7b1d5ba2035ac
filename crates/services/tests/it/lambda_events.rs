//! Events that wait for their function, by a clock of the test's own.

use std::{
    collections::VecDeque,
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex},
};

use jiff::SignedDuration;
use serde_json::json;
use strongroom_functions::{Invocation, Outcome};
use strongroom_services::{
    lambda::{
        FunctionEndpoint, FunctionEndpoints, RemoteCall, RemoteError, RemoteFunction,
        queue::{run_due, take_back},
    },
    tables::{FunctionEventPayloads, FunctionEvents, FunctionJobs},
};
use strongroom_types::ManualClock;
use tokio::sync::Notify;

use crate::client::{Client, OWNER, account, administrator, problems, rows};

/// What a function does when it is called.
enum Does {
    Answer,
    Fail,
    Hang,
    /// Nobody is there.
    Vanish,
    /// Answers after seven seconds.
    Wait(Arc<ManualClock>),
}

/// A function that does what it is told, and answers all further calls.
#[derive(Default)]
struct Function {
    does: Mutex<VecDeque<Does>>,
    seen: Mutex<Vec<String>>,
    called: Notify,
}

struct Remote(Arc<Function>);

impl RemoteFunction for Remote {
    fn invoke(
        &self,
        call: RemoteCall,
    ) -> Pin<Box<dyn Future<Output = Result<Invocation, RemoteError>> + Send + '_>> {
        let payload = String::from_utf8(call.payload.expose().clone()).unwrap();
        self.0.seen.lock().unwrap().push(payload);
        self.0.called.notify_one();
        let does = self.0.does.lock().unwrap().pop_front();
        Box::pin(async move {
            let outcome = match does.unwrap_or(Does::Answer) {
                Does::Answer => Outcome::Answer("null".into()),
                Does::Fail => Outcome::failed(r#"{"errorType": "KeyError"}"#.into(), true),
                Does::Hang => pending().await,
                Does::Wait(clock) => {
                    clock.advance(SignedDuration::from_secs(7));
                    Outcome::Answer("null".into())
                }
                Does::Vanish => return Err(RemoteError("is not there".to_owned())),
            };
            let log = Vec::new();
            Ok(Invocation { outcome, log })
        })
    }
}

/// A deployment whose function `later` does these things.
async fn with_function(does: impl IntoIterator<Item = Does>) -> (Client, Arc<Function>) {
    let admin = administrator().await;
    let function = Arc::new(Function {
        does: Mutex::new(does.into_iter().collect()),
        ..Function::default()
    });
    let endpoint = FunctionEndpoint {
        name: "later".to_owned(),
        account: account(OWNER),
        regions: Vec::new(),
        principals: Vec::new(),
        timeout_seconds: 30,
        remote: Box::new(Remote(Arc::clone(&function))),
    };
    let rotation = admin.world.services.secrets.rotation();
    rotation.name_endpoints(FunctionEndpoints::new(vec![endpoint]));
    (admin, function)
}

async fn send(client: &Client) {
    let event = json!({"FunctionName": "later", "InvocationType": "Event"});
    client.ok("lambda:Invoke", event).await;
}

async fn waiting(client: &Client) -> [usize; 3] {
    let world = &client.world;
    [
        rows::<FunctionEvents>(world).await.len(),
        rows::<FunctionEventPayloads>(world).await.len(),
        rows::<FunctionJobs>(world).await.len(),
    ]
}

impl Function {
    fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// Makes the calls that are due so many seconds later.
async fn later(client: &Client, seconds: i64) -> usize {
    client
        .world
        .clock
        .advance(SignedDuration::from_secs(seconds));
    run_due(&client.world.services).await.unwrap()
}

#[tokio::test]
async fn an_event_waits_for_its_call_and_then_is_gone() {
    let (admin, function) = with_function([]).await;
    send(&admin).await;
    assert_eq!(function.calls(), 0);
    assert_eq!(waiting(&admin).await, [1, 1, 1]);
    assert_eq!(problems(&admin.world).await, [""; 0]);
    assert_eq!(later(&admin, 0).await, 1);
    assert!(function.seen.lock().unwrap()[0].contains("later"));
    assert_eq!(waiting(&admin).await, [0, 0, 0]);
    assert_eq!(later(&admin, 24 * 60 * 60).await, 0);
}

#[tokio::test]
async fn a_record_tells_when_its_call_was_done() {
    let (admin, function) = with_function([]).await;
    let clock = Arc::clone(&admin.world.clock);
    *function.does.lock().unwrap() = [Does::Wait(clock)].into();
    let called = admin
        .recorded("lambda:Invoke", json!({"FunctionName": "later"}))
        .await;
    called.result.unwrap();
    assert_eq!(called.records[0]["eventTime"], "2026-11-23T13:00:07Z");
}

#[tokio::test]
async fn a_function_that_fails_is_called_two_more_times() {
    let (admin, function) = with_function([Does::Fail, Does::Vanish, Does::Fail]).await;
    send(&admin).await;
    assert_eq!(later(&admin, 0).await, 1);
    assert_eq!(later(&admin, 59).await, 0);
    assert_eq!(later(&admin, 1).await, 1);
    assert_eq!(later(&admin, 119).await, 0);
    assert_eq!(later(&admin, 1).await, 1);
    assert_eq!(waiting(&admin).await, [0, 0, 0]);
    assert_eq!(later(&admin, 24 * 60 * 60).await, 0);
    assert_eq!(function.calls(), 3);

    // One that does better the second time is left alone.
    function.does.lock().unwrap().push_back(Does::Fail);
    send(&admin).await;
    assert_eq!((later(&admin, 0).await, later(&admin, 60).await), (1, 1));
    assert_eq!(waiting(&admin).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_call_that_is_cut_off_is_made_again() {
    let (admin, function) = with_function([Does::Hang, Does::Hang]).await;
    send(&admin).await;
    let services = &admin.world.services;
    let cut_off = || async {
        let before = function.calls();
        let called = async {
            while function.calls() == before {
                function.called.notified().await;
            }
        };
        tokio::select! {
            _ = run_due(services) => panic!("it does not come to an end"),
            () = called => {}
        }
    };
    cut_off().await;
    // Nobody knows that it was cut off until it must have come to its end.
    assert_eq!(later(&admin, 89).await, 0);
    admin.world.clock.advance(SignedDuration::from_secs(1));
    cut_off().await;
    // At a start it is known.
    take_back(services).await.unwrap();
    assert_eq!(later(&admin, 0).await, 1);
    assert_eq!(function.calls(), 3);
    assert_eq!(waiting(&admin).await, [0, 0, 0]);

    // What waits for its second attempt goes on waiting.
    function.does.lock().unwrap().push_back(Does::Fail);
    send(&admin).await;
    assert_eq!(later(&admin, 0).await, 1);
    take_back(services).await.unwrap();
    assert_eq!(later(&admin, 59).await, 0);
    assert_eq!(later(&admin, 1).await, 1);

    // Who is cut off three times is given up.
    let hang = || Does::Hang;
    function
        .does
        .lock()
        .unwrap()
        .extend([hang(), hang(), hang()]);
    send(&admin).await;
    for _ in 0..3 {
        cut_off().await;
        take_back(services).await.unwrap();
    }
    let calls = function.calls();
    later(&admin, 0).await;
    assert_eq!(
        (function.calls(), waiting(&admin).await),
        (calls, [0, 0, 0])
    );
}

#[tokio::test]
async fn so_many_events_wait_and_no_more() {
    let (admin, function) = with_function([]).await;
    for _ in 0..256 {
        send(&admin).await;
    }
    let event = json!({"FunctionName": "later", "InvocationType": "Event"});
    let refused = admin.refused("lambda:Invoke", event).await;
    assert_eq!(
        refused,
        (
            "TooManyRequestsException".to_owned(),
            "Rate Exceeded.".to_owned()
        )
    );
    assert_eq!(later(&admin, 0).await, 256);
    assert_eq!(function.calls(), 256);
    send(&admin).await;
}
