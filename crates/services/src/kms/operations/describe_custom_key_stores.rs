use strongroom_store::Mode;

use crate::{
    authorize::{AnyResource, Authorized},
    context::Context,
    kms::{Kms, custom_key_store, error::Result},
    operation::Operation,
    shape::{Input, Output},
};

/// Lists custom key stores. There are none: refused.
///
/// Source: KMS API Reference, DescribeCustomKeyStores.
pub struct DescribeCustomKeyStores;

/// What is asked.
#[derive(Input)]
pub struct DescribeCustomKeyStoresInput {
    /// A custom key store; there are none yet.
    #[shape(length(1, 64))]
    pub custom_key_store_id: Option<String>,
    /// Its name.
    #[shape(length(1, 256))]
    pub custom_key_store_name: Option<String>,
    /// Items of a page.
    #[shape(range(1, 1000))]
    pub limit: Option<i64>,
    /// Where the list goes on.
    #[shape(length(1, 1024), pattern(r"[\u0020-\u00FF]*"))]
    pub marker: Option<String>,
}

/// What is answered.
#[derive(Output)]
pub struct DescribeCustomKeyStoresOutput {
    /// The stores.
    pub custom_key_stores: Option<Vec<CustomKeyStoresListEntry>>,
    /// Where the list goes on, if it does.
    #[shape(unrecorded)]
    pub next_marker: Option<String>,
    /// Whether it does.
    pub truncated: Option<bool>,
}

/// A custom key store.
#[derive(Output)]
pub struct CustomKeyStoresListEntry {
    /// Its id.
    pub custom_key_store_id: Option<String>,
}

impl Operation for DescribeCustomKeyStores {
    const NAME: &'static str = "DescribeCustomKeyStores";
    const ACTION: &'static str = "kms:DescribeCustomKeyStores";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "CustomKeyStoreNotFoundException",
        "InvalidMarkerException",
        "KMSInternalException",
    ];
    type Service = Kms;
    type Input = DescribeCustomKeyStoresInput;
    type Output = DescribeCustomKeyStoresOutput;
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
