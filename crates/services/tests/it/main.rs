//! The operations through their whole pipeline, on a store in memory.

#[cfg(test)]
mod access_dates;
#[cfg(test)]
mod authorization;
#[cfg(test)]
mod batch_get_secret_value;
#[cfg(test)]
mod client;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod config_rules;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod get_random_password;
#[cfg(test)]
mod iam_policies;
#[cfg(test)]
mod iam_simulate;
#[cfg(test)]
mod iam_users;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod key_change;
#[cfg(test)]
mod kms;
#[cfg(test)]
mod kms_laws;
#[cfg(test)]
mod lambda;
#[cfg(test)]
mod lambda_events;
#[cfg(test)]
mod list_resource_policies;
#[cfg(test)]
mod list_secret_version_ids;
#[cfg(test)]
mod list_secrets;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod organizations;
#[cfg(test)]
mod query;
#[cfg(test)]
mod records;
#[cfg(test)]
mod resolution;
#[cfg(test)]
mod rotation;
#[path = "../../../rotation/tests/support/servers.rs"]
#[expect(dead_code, reason = "only some of the servers are needed here")]
#[cfg(test)]
mod servers;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod world;
