use strongroom_store::Mode;
use strongroom_types::Sensitive;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{
        Kms, custom_key_store,
        custom_key_store::{XksProxyAuthenticationCredential, XksProxyConnectivity},
        error::Result,
    },
    operation::Operation,
    shape::{Input, Output, enumeration},
};

/// Makes a custom key store. There are none: refused.
///
/// Source: KMS API Reference, CreateCustomKeyStore.
pub struct CreateCustomKeyStore;

/// What is asked.
#[derive(Input)]
pub struct CreateCustomKeyStoreInput {
    /// Its name.
    #[shape(length(1, 256))]
    pub custom_key_store_name: String,
    /// Its cluster.
    #[shape(length(19, 24), pattern(r"cluster-[2-7a-zA-Z]{11,16}"))]
    pub cloud_hsm_cluster_id: Option<String>,
    /// The certificate that the cluster is trusted by.
    #[shape(length(1, 5000))]
    pub trust_anchor_certificate: Option<String>,
    /// The password of the cluster's user `kmsuser`.
    #[shape(length(7, 32))]
    pub key_store_password: Option<Sensitive<String>>,
    /// What it is in.
    pub custom_key_store_type: Option<CustomKeyStoreType>,
    /// Where the proxy is.
    #[shape(length(10, 128), pattern(r"^https://[a-zA-Z0-9.-]+$"))]
    pub xks_proxy_uri_endpoint: Option<String>,
    /// The path there.
    #[shape(
        length(10, 128),
        pattern(r"^(/[a-zA-Z0-9\/_-]+/kms/xks/v\d{1,2})$|^(/kms/xks/v\d{1,2})$")
    )]
    pub xks_proxy_uri_path: Option<String>,
    /// The private way to the proxy.
    #[shape(
        length(20, 64),
        pattern(r"^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$")
    )]
    pub xks_proxy_vpc_endpoint_service_name: Option<String>,
    /// The account that has it.
    #[shape(length(12, 12), pattern(r"[0-9]{12}"))]
    pub xks_proxy_vpc_endpoint_service_owner: Option<String>,
    /// What the proxy knows requests by.
    pub xks_proxy_authentication_credential: Option<XksProxyAuthenticationCredential>,
    /// How the proxy is reached.
    pub xks_proxy_connectivity: Option<XksProxyConnectivity>,
}

/// What is answered.
#[derive(Output)]
pub struct CreateCustomKeyStoreOutput {
    /// A custom key store; there are none yet.
    pub custom_key_store_id: Option<String>,
}

enumeration! {
    /// What a custom key store is in.
    pub enum CustomKeyStoreType { Cluster = "AWS_CLOUDHSM", External = "EXTERNAL_KEY_STORE" }
}

impl Operation for CreateCustomKeyStore {
    const NAME: &'static str = "CreateCustomKeyStore";
    const ACTION: &'static str = "kms:CreateCustomKeyStore";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "CloudHsmClusterInUseException",
        "CustomKeyStoreNameInUseException",
        "CloudHsmClusterNotFoundException",
        "KMSInternalException",
        "CloudHsmClusterNotActiveException",
        "IncorrectTrustAnchorException",
        "CloudHsmClusterInvalidConfigurationException",
        "LimitExceededException",
        "XksProxyUriInUseException",
        "XksProxyUriEndpointInUseException",
        "XksProxyUriUnreachableException",
        "XksProxyIncorrectAuthenticationCredentialException",
        "XksProxyVpcEndpointServiceInUseException",
        "XksProxyVpcEndpointServiceNotFoundException",
        "XksProxyVpcEndpointServiceInvalidConfigurationException",
        "XksProxyInvalidResponseException",
        "XksProxyInvalidConfigurationException",
    ];
    type Service = Kms;
    type Input = CreateCustomKeyStoreInput;
    type Output = CreateCustomKeyStoreOutput;
    type Target = AnyResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<AnyResource> {
        Ok(AnyResource)
    }

    async fn run(
        _: &mut Context<'_>,
        _: Authorized<AnyResource>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        custom_key_store::unsupported()
    }
}
