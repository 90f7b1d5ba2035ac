//! The IAM policy language: parse, match, decide, explain.
//!
//! A policy is parsed and compiled once, when it is written, and asked many
//! times. To decide a request, gather every policy that bears on it and ask
//! [`decide()`]; the answer says why, in AWS's words.
//!
//! ```
//! use strongroom_policy::{Attached, Context, Decision, Policies, Policy, PolicyKind, Request};
//! use strongroom_types::{AccountId, Principal};
//!
//! let text = r#"{
//!     "Version": "2012-10-17",
//!     "Statement": {
//!         "Effect": "Allow",
//!         "Action": "secretsmanager:Get*",
//!         "Resource": "arn:aws:secretsmanager:*:*:secret:${aws:username}/*"
//!     }
//! }"#;
//! let policy = Policy::parse(text, PolicyKind::Identity)?;
//!
//! let account = AccountId::new(111_122_223_333);
//! let ann = Principal::User {
//!     account: account.ok_or("an account")?,
//!     path: "/".into(),
//!     name: "ann".into(),
//!     id: "AIDAEXAMPLEEXAMPLE01".into(),
//! };
//! let mut context = Context::new();
//! context.insert("aws:username", "ann");
//! let request = Request {
//!     action: "secretsmanager:GetSecretValue",
//!     context: &context,
//!     issuer: None,
//!     partition: "aws",
//!     principal: &ann,
//!     resource: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:bob/db-AbCdEf",
//!     resource_account: account,
//! };
//! let policies = Policies {
//!     identity: &[Attached::from(&policy)],
//!     ..Policies::default()
//! };
//! let Decision::Denied(denial) = strongroom_policy::decide(&request, &policies) else {
//!     return Err("allowed".into());
//! };
//! assert_eq!(
//!     denial.clause(request.action),
//!     "because no identity-based policy allows the secretsmanager:GetSecretValue action"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! * `json`, `parse`: from text to [`Policy`], strictly.
//! * `glob`, `template`: wildcards and policy variables.
//! * `action`, `resource`, `principal`, `reach`, `condition/`: what a
//!   statement matches.
//! * `decide`: how all the policies together make an answer.
//! * `analysis`: whom a resource's policy lets in, told from the policy alone.
//! * `explain`: the answer, and its words; `trace`, `span`, `keys`: what else
//!   those who ask why want to know.
//!
//! To add a condition operator, add a line to `condition/operator.rs`, and the
//! file of its family if that is new. Condition keys are not known here: what
//! a service offers through [`ContextKeys`] exists.
//!
//! The evaluator is checked against a second one, slow and plain and written
//! from the text of the rules, over generated policies and requests:
//! `tests/it/reference.rs`. A change of the rules changes both.
//!
//! # Invariants
//!
//! * A `Deny` that matches decides, wherever it stands.
//! * Nothing is allowed that no statement allows, save to the root user.
//! * The order of statements and of policies never matters.
//! * No text makes parsing or matching panic or take more than time
//!   proportional to pattern times value.
//! * A context key is read only when a statement that matches so far asks.

mod action;
mod analysis;
mod condition;
mod context;
mod decide;
mod error;
mod explain;
mod glob;
mod json;
mod keys;
mod parse;
mod policy;
mod principal;
mod reach;
mod request;
mod resource;
mod span;
mod template;
mod trace;

pub use context::{Context, ContextKeys, Values};
pub use decide::decide;
pub use error::PolicyError;
pub use explain::{Decision, Denial, Grant, PolicyType, StatementRef};
pub use policy::{Effect, Form, Policy, PolicyKind, Statement};
pub use principal::PrincipalPattern;
pub use request::{Attached, Policies, Request};
pub use span::{Position, Span};
pub use trace::{Explanation, Matched, explain};
