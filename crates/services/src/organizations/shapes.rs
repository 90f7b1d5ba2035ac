//! Shapes that several operations share, as AWS's model has them.

use strongroom_types::{Sensitive, Timestamp};

use crate::shape::{Input, Output, enumeration};

enumeration! {
    /// A type of policy. Two of them are enforced here.
    pub enum PolicyTypeName {
        AiservicesOptOutPolicy = "AISERVICES_OPT_OUT_POLICY",
        BackupPolicy = "BACKUP_POLICY",
        BedrockPolicy = "BEDROCK_POLICY",
        ChatbotPolicy = "CHATBOT_POLICY",
        DeclarativePolicyEc2 = "DECLARATIVE_POLICY_EC2",
        GuarddutyPolicy = "GUARDDUTY_POLICY",
        InspectorPolicy = "INSPECTOR_POLICY",
        NetworkSecurityDirectorPolicy = "NETWORK_SECURITY_DIRECTOR_POLICY",
        ResourceControlPolicy = "RESOURCE_CONTROL_POLICY",
        S3Policy = "S3_POLICY",
        SecurityhubCspmPolicy = "SECURITYHUB_CSPM_POLICY",
        SecurityhubPolicy = "SECURITYHUB_POLICY",
        ServiceControlPolicy = "SERVICE_CONTROL_POLICY",
        TagPolicy = "TAG_POLICY",
        UpgradeRolloutPolicy = "UPGRADE_ROLLOUT_POLICY",
    }
}

enumeration! {
    /// What an organization is for.
    pub enum FeatureSet {
        All = "ALL",
        ConsolidatedBilling = "CONSOLIDATED_BILLING",
    }
}

enumeration! {
    /// Whether a type of policy is enabled.
    pub enum PolicyTypeStatus {
        Enabled = "ENABLED",
        PendingDisable = "PENDING_DISABLE",
        PendingEnable = "PENDING_ENABLE",
    }
}

enumeration! {
    /// How far a request to make an account has come.
    pub enum CreateAccountState {
        Failed = "FAILED",
        InProgress = "IN_PROGRESS",
        Succeeded = "SUCCEEDED",
    }
}

enumeration! {
    /// The state of an account, in the older words.
    pub enum AccountStatus {
        Active = "ACTIVE",
        PendingClosure = "PENDING_CLOSURE",
        Suspended = "SUSPENDED",
    }
}

enumeration! {
    /// The state of an account.
    pub enum AccountState {
        Active = "ACTIVE",
        Closed = "CLOSED",
        PendingActivation = "PENDING_ACTIVATION",
        PendingClosure = "PENDING_CLOSURE",
        Suspended = "SUSPENDED",
    }
}

enumeration! {
    /// How an account came into the organization.
    pub enum JoinedMethod {
        Created = "CREATED",
        Invited = "INVITED",
    }
}

enumeration! {
    /// Why an account was not made.
    pub enum FailureReason {
        AccountLimitExceeded = "ACCOUNT_LIMIT_EXCEEDED",
        ConcurrentAccountModification = "CONCURRENT_ACCOUNT_MODIFICATION",
        EmailAlreadyExists = "EMAIL_ALREADY_EXISTS",
        FailedBusinessValidation = "FAILED_BUSINESS_VALIDATION",
        GovcloudAccountAlreadyExists = "GOVCLOUD_ACCOUNT_ALREADY_EXISTS",
        InternalFailure = "INTERNAL_FAILURE",
        InvalidAddress = "INVALID_ADDRESS",
        InvalidEmail = "INVALID_EMAIL",
        InvalidIdentityForBusinessValidation = "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION",
        InvalidPaymentInstrument = "INVALID_PAYMENT_INSTRUMENT",
        MissingBusinessValidation = "MISSING_BUSINESS_VALIDATION",
        MissingPaymentInstrument = "MISSING_PAYMENT_INSTRUMENT",
        PendingBusinessValidation = "PENDING_BUSINESS_VALIDATION",
        UnknownBusinessValidation = "UNKNOWN_BUSINESS_VALIDATION",
        UpdateExistingResourcePolicyWithTagsNotSupported = "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED",
    }
}

enumeration! {
    /// Whether users may see bills.
    pub enum AccessToBilling {
        Allow = "ALLOW",
        Deny = "DENY",
    }
}

enumeration! {
    /// What is below a parent.
    pub enum ChildType {
        Account = "ACCOUNT",
        OrganizationalUnit = "ORGANIZATIONAL_UNIT",
    }
}

enumeration! {
    /// What is above.
    pub enum ParentType {
        OrganizationalUnit = "ORGANIZATIONAL_UNIT",
        Root = "ROOT",
    }
}

enumeration! {
    /// What a policy is attached to.
    pub enum TargetType {
        Account = "ACCOUNT",
        OrganizationalUnit = "ORGANIZATIONAL_UNIT",
        Root = "ROOT",
    }
}

/// An account of the organization.
#[derive(Output)]
pub struct AccountShape {
    /// The id.
    pub id: Option<String>,
    /// The ARN.
    pub arn: Option<String>,
    /// The owner's address.
    pub email: Option<Sensitive<String>>,
    /// The name.
    pub name: Option<Sensitive<String>>,
    /// The status.
    pub status: Option<AccountStatus>,
    /// The state.
    pub state: Option<AccountState>,
    /// The way from the organization to the parent.
    pub paths: Option<Vec<String>>,
    /// How it came here.
    pub joined_method: Option<JoinedMethod>,
    /// When it came here.
    pub joined_timestamp: Option<Timestamp>,
}

/// An account or unit below a parent.
#[derive(Output)]
pub struct Child {
    /// The id.
    pub id: Option<String>,
    /// The type.
    pub r#type: Option<ChildType>,
}

/// How far a request to make an account has come.
#[derive(Output)]
pub struct CreateAccountStatus {
    /// The id.
    pub id: Option<String>,
    /// The account's name.
    #[shape(masked)]
    pub account_name: Option<Sensitive<String>>,
    /// The state.
    pub state: Option<CreateAccountState>,
    /// When it was asked for.
    pub requested_timestamp: Option<Timestamp>,
    /// When it ended.
    pub completed_timestamp: Option<Timestamp>,
    /// The account.
    pub account_id: Option<String>,
    /// Never there: there is no AWS GovCloud here.
    pub gov_cloud_account_id: Option<String>,
    /// Why it failed.
    pub failure_reason: Option<FailureReason>,
}

/// The organization.
#[derive(Output)]
pub struct OrganizationShape {
    /// The id.
    pub id: Option<String>,
    /// The ARN.
    pub arn: Option<String>,
    /// `ALL` when absent.
    pub feature_set: Option<FeatureSet>,
    /// The management account's ARN.
    pub master_account_arn: Option<String>,
    /// The management account.
    pub master_account_id: Option<String>,
    /// The management account's address.
    pub master_account_email: Option<Sensitive<String>>,
    /// Types of policy that can be used.
    pub available_policy_types: Option<Vec<PolicyTypeSummary>>,
}

/// A unit.
#[derive(Output)]
pub struct UnitShape {
    /// The id.
    pub id: Option<String>,
    /// The ARN.
    pub arn: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The way from the organization.
    pub path: Option<String>,
}

/// The root or unit above.
#[derive(Output)]
pub struct Parent {
    /// The id.
    pub id: Option<String>,
    /// The type.
    pub r#type: Option<ParentType>,
}

/// A policy with its document.
#[derive(Output)]
pub struct PolicyShape {
    /// The policy.
    pub policy_summary: Option<PolicySummary>,
    /// The document.
    pub content: Option<String>,
}

/// A policy.
#[derive(Output)]
pub struct PolicySummary {
    /// The id.
    pub id: Option<String>,
    /// The ARN.
    pub arn: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The type.
    pub r#type: Option<PolicyTypeName>,
    /// Whether AWS has it in every organization.
    pub aws_managed: Option<bool>,
}

/// What a policy is attached to.
#[derive(Output)]
pub struct PolicyTargetSummary {
    /// The root, unit or account.
    pub target_id: Option<String>,
    /// The ARN.
    pub arn: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The type.
    pub r#type: Option<TargetType>,
}

/// A type of policy in a root.
#[derive(Output)]
pub struct PolicyTypeSummary {
    /// The type.
    pub r#type: Option<PolicyTypeName>,
    /// The status.
    pub status: Option<PolicyTypeStatus>,
}

/// The root.
#[derive(Output)]
pub struct RootShape {
    /// The id.
    pub id: Option<String>,
    /// The ARN.
    pub arn: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// Types that are enabled.
    pub policy_types: Option<Vec<PolicyTypeSummary>>,
}

/// A tag, given or answered.
#[derive(Clone, Debug, Input, Output)]
pub struct Tag {
    /// 1 to 128 characters.
    #[shape(length(1, 128), pattern(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"))]
    pub key: String,
    /// Up to 256 characters.
    #[shape(length(0, 256), pattern(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"))]
    pub value: String,
}
