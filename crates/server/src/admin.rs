//! What an operator does to a store: back it up, verify it, look at its jobs,
//! rotate its seal key.
//!
//! Only one process can have the embedded store open. So a running node does
//! these things itself, asked over a unix socket in its data directory
//! ([`Socket`]); where no node runs, the command opens the store and does the
//! same ([`Admin::perform`]).
//!
//! A connection carries one request and one answer, each a line of JSON. The
//! socket belongs to the node's user alone, and whoever connects is asked for
//! his user id besides.
//!
//! - `request.rs`: what is asked and answered
//! - `client.rs`, `socket.rs`: the two ends of the socket
//! - `operator.rs`: who asks
//! - `audit.rs`, `backup.rs`, `events.rs`, `explain.rs`, `findings.rs`, `jobs.rs`, `verify.rs`: what is done

mod audit;
mod backup;
mod client;
mod events;
mod explain;
mod findings;
mod jobs;
mod operator;
mod request;
mod socket;
mod verify;

use std::{pin::Pin, sync::Arc};

use strongroom_services::context::Services;
use strongroom_store::{StoreError, UnsealSource};

pub use self::{
    audit::{AcceptLossRequest, AcceptedReport, AuditReport, ReachedReport},
    backup::BackupReport,
    client::ask,
    events::{DeadEvent, EndpointStatus, EventsReport, EventsRequest},
    explain::ExplainRequest,
    findings::{AcceptRequest, FindingsReport, FindingsRequest, FoundByRule, STATUSES},
    jobs::{JobsReport, PendingJob},
    operator::Operator,
    request::{Report, Request},
    socket::Socket,
    verify::{VerifyReport, check_row},
};

/// The socket's name in the data directory.
pub const SOCKET: &str = "admin.sock";

/// A store, and what is needed to look after it.
pub struct Admin {
    services: Arc<Services>,
    key: UnsealSource,
    is_damaged: bool,
}

impl Admin {
    /// Looks after the store of `services`, of which `key` is the root key.
    #[must_use]
    pub fn new(services: Arc<Services>, key: UnsealSource) -> Self {
        Self {
            services,
            key,
            is_damaged: false,
        }
    }

    /// The same for a store of [`strongroom_store::Store::open_damaged`].
    #[must_use]
    pub fn of_damaged(services: Arc<Services>, key: UnsealSource) -> Self {
        Self {
            services,
            key,
            is_damaged: true,
        }
    }

    /// Does what an operator asks. A node and a command come through here, and
    /// what is behind it is compiled once for both.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn perform(&self, request: Request, by: Operator) -> Performing<'_> {
        Box::pin(self.performed(request, by))
    }

    async fn performed(&self, request: Request, by: Operator) -> Result<Report, String> {
        match request {
            Request::AcceptFinding(asked) => findings::accept_one(&self.services, asked)
                .await
                .map(|()| Report::AcceptFinding),
            Request::AcceptLoss(asked) => audit::accept_loss(&self.services, asked, by)
                .await
                .map(|()| Report::AcceptLoss),
            Request::AuditKey => audit::audit(&self.services).await.map(Report::AuditKey),
            Request::Backup { target } => backup::backup(&self.services, &target)
                .await
                .map(Report::Backup),
            Request::Events(asked) => events::answer(&self.services, asked)
                .await
                .map(Report::Events),
            Request::Explain(asked) => explain::answer(&self.services, asked)
                .await
                .map(Report::Explain),
            Request::Findings(wanted) => findings::findings(&self.services, wanted)
                .await
                .map(Report::Findings),
            Request::Jobs => jobs::jobs(&self.services).await.map(Report::Jobs),
            Request::RotateSealKey => {
                let rotated = match self.key.read() {
                    Ok(root) => self.services.store.rotate_seal_key(&root).await,
                    Err(error) => Err(error),
                };
                rotated.map_err(said)?;
                tracing::info!("the store has a new seal key");
                Ok(Report::RotateSealKey)
            }
            Request::Verify => verify::verify(&self.services, self.is_damaged)
                .await
                .map(Report::Verify),
        }
    }
}

/// What an operator asked, being done.
pub type Performing<'a> = Pin<Box<dyn Future<Output = Result<Report, String>> + Send + 'a>>;

/// The store's error as a sentence.
#[expect(
    clippy::needless_pass_by_value,
    reason = "its callers are `map_err`, which give it away"
)]
fn said(error: StoreError) -> String {
    sentence(&error)
}

/// An error with its causes.
pub(crate) fn sentence(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
