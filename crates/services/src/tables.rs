//! Every table of the store, with its key and its record.
//!
//! Numbers are for ever: a table's rows are sealed under its number, and a
//! number once used is never used for anything else.

use strongroom_store::{Change, Table};
use strongroom_types::{AccountId, Region};

use crate::{config_rules, events, iam, jobs, kms, lambda, organizations, secretsmanager};

/// Defines tables, and the list of them that checks walk through.
macro_rules! tables {
    ($($(#[$doc:meta])* $id:literal $name:ident: $key:ty => $record:ty;)*) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl Table for $name {
                const ID: u8 = $id;
                const NAME: &'static str = stringify!($name);
                type Key = $key;
                type Record = $record;
            }
        )*

        /// Number and name of every table.
        pub const ALL: &[(u8, &str)] = &[$(($id, stringify!($name))),*];

        /// Whether a row of one of these tables reads as its table's; nothing
        /// for a row of another.
        ///
        /// `Err` holds a sentence that says what it is not.
        #[must_use]
        pub fn check(row: &Change) -> Option<Result<(), String>> {
            match row.table() {
                $($id => Some(row.check::<$name>()),)*
                _ => None,
            }
        }
    };
}

tables! {
    /// What the deployment is: the management account and the partition. Its
    /// only key is zero.
    1 Deployments: (u64,) => iam::Deployment;
    /// Account.
    2 Accounts: (AccountId,) => iam::Account;
    /// Account, user name in lower case.
    3 Users: (AccountId, String) => iam::User;
    /// Access key id.
    4 AccessKeys: (String,) => iam::AccessKey;
    /// Account, group name in lower case.
    5 Groups: (AccountId, String) => iam::Group;
    /// Account, group name and user name in lower case.
    6 GroupMembers: (AccountId, String, String) => iam::GroupMember;
    /// Account, role name in lower case.
    7 Roles: (AccountId, String) => iam::Role;
    /// Account, policy name in lower case.
    8 ManagedPolicies: (AccountId, String) => iam::ManagedPolicy;
    /// Account of the entity, policy ARN, what kind of entity
    /// ([`iam::AttachedTo`]), the entity's name in lower case.
    9 PolicyAttachments: (AccountId, String, u8, String) => iam::PolicyAttachment;
    /// Account, Region, key id.
    10 KmsKeys: (AccountId, Region, String) => kms::Key;
    /// Account, Region, alias name with its `alias/`.
    11 KmsAliases: (AccountId, Region, String) => kms::Alias;
    /// Account, instance profile name in lower case.
    12 InstanceProfiles: (AccountId, String) => iam::InstanceProfile;
    /// Account, URL without its scheme.
    13 OidcProviders: (AccountId, String) => iam::OidcProvider;
    /// Account, name.
    14 SamlProviders: (AccountId, String) => iam::SamlProvider;
    /// The alias.
    15 AccountAliases: (String,) => iam::AccountAlias;
    /// Unique id of a user or role.
    16 PrincipalNames: (String,) => iam::PrincipalName;
    /// Account, id of the task.
    17 RoleDeletions: (AccountId, String) => iam::RoleDeletion;
    /// Access key id.
    18 AccessKeyUses: (String,) => iam::LastUse;
    /// Account, role name in lower case.
    19 RoleUses: (AccountId, String) => iam::LastUse;
    /// Account, Region, name.
    20 Secrets: (AccountId, Region, String) => secretsmanager::Secret;
    /// Account, Region, name, the ARN's suffix, version id.
    21 SecretValues: (AccountId, Region, String, String, String) => secretsmanager::SealedValue;
    /// Account, Region, name.
    22 SecretPolicies: (AccountId, Region, String) => secretsmanager::ResourcePolicy;
    /// Due time in milliseconds since the epoch, job id.
    30 Jobs: (u64, String) => jobs::Job;
    /// Due time in milliseconds since the epoch, job id: of secrets that rotate.
    31 RotationJobs: (u64, String) => jobs::Job;
    /// Account, Region, key id, grant id.
    40 KmsGrants: (AccountId, Region, String, String) => kms::Grant;
    /// Account, Region, key id, grantee, grant id.
    41 KmsGrantsByGrantee: (AccountId, Region, String, String, String) => kms::Present;
    /// Region, retiring principal, account of the key, key id, grant id.
    42 KmsGrantsByRetiring: (Region, String, AccountId, String, String) => kms::Present;
    /// Account, Region, key id, the grant's name, digest of what it says.
    43 KmsGrantsByName: (AccountId, Region, String, String, String) => kms::GrantName;
    /// Account, Region, key id.
    44 KmsGrantCounts: (AccountId, Region, String) => kms::GrantCount;
    /// Account, Region, key id.
    45 KmsKeyUsages: (AccountId, Region, String) => kms::LastUsage;
    /// Management account.
    50 Organizations: (AccountId,) => organizations::Organization;
    /// Account.
    51 OrganizationMembers: (AccountId,) => organizations::Member;
    /// Management account, unit id.
    52 OrganizationUnits: (AccountId, String) => organizations::Unit;
    /// Management account, policy id.
    53 OrganizationPolicies: (AccountId, String) => organizations::Policy;
    /// Management account, id of the root, unit or account, policy id.
    54 OrganizationAttachments: (AccountId, String, String) => organizations::Attachment;
    /// Management account, request id.
    55 OrganizationAccountRequests: (AccountId, String) => organizations::AccountRequest;
    /// Account, Region, name.
    60 Functions: (AccountId, Region, String) => lambda::FunctionRow;
    /// Account, Region, function, SHA-256 of the archive.
    61 FunctionCodes: (AccountId, Region, String, String) => lambda::FunctionCode;
    /// Account, Region, function, number.
    62 FunctionVersions: (AccountId, Region, String, u64) => lambda::FunctionRow;
    /// Account, Region, function, alias.
    63 FunctionAliases: (AccountId, Region, String, String) => lambda::FunctionAlias;
    /// Account, Region, function, event id.
    64 FunctionEvents: (AccountId, Region, String, String) => lambda::FunctionEvent;
    /// Account, Region, function, event id.
    65 FunctionEventPayloads: (AccountId, Region, String, String) => lambda::FunctionEventPayload;
    /// Due time in milliseconds since the epoch, job id.
    66 FunctionJobs: (u64, String) => jobs::Job;
    /// Account, Region, name of the template.
    67 BuiltinFunctions: (AccountId, Region, String) => lambda::BuiltinFunction;
    /// The name of whoever follows the audit log.
    80 EventProgress: (String,) => events::Progress;
    /// Endpoint, segment and offset after the record, event id.
    81 DeadLetters: (String, u64, u64, String) => events::DeadLetter;
    /// Account, Region, the resource's id, the rule's name.
    82 Findings: (AccountId, Region, String, String) => config_rules::Finding;
    /// How far the audit log had come. Its only key is zero.
    83 LogReaches: (u64,) => events::LogReach;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_used_twice() {
        let mut ids: Vec<_> = ALL.iter().map(|(id, _)| id).collect();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.is_sorted());
    }
}
