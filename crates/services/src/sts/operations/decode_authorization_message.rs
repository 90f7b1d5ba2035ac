use strongroom_store::Mode;

use crate::{
    authorize::{Authorized, NoResource},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
    sts::{Error, Result, Sts, passed},
};

/// Opens what a denial tells: the request as policies saw it, the statements
/// that matched, and what was missing. The sealed text is in the record of the
/// denied call, `additionalEventData.encodedAuthorizationMessage`; it opens in
/// the account of whoever was denied.
///
/// Source: STS API Reference, DecodeAuthorizationMessage.
pub struct DecodeAuthorizationMessage;

/// The sealed text.
#[derive(Input)]
pub struct DecodeAuthorizationMessageInput {
    /// As it was recorded.
    #[shape(length(1, 10_240), unrecorded)]
    pub encoded_message: String,
}

/// What was sealed.
#[derive(Output)]
pub struct DecodeAuthorizationMessageOutput {
    /// A JSON document.
    pub decoded_message: Option<String>,
}

impl Operation for DecodeAuthorizationMessage {
    const NAME: &'static str = "DecodeAuthorizationMessage";
    const ACTION: &'static str = "sts:DecodeAuthorizationMessage";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["InvalidAuthorizationMessageException"];
    type Service = Sts;
    type Input = DecodeAuthorizationMessageInput;
    type Output = DecodeAuthorizationMessageOutput;
    type Target = NoResource;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        passed::refuse_limited(cx, Self::NAME)?;
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let messages = cx.services.callers.messages();
        let account = cx.request.caller.account;
        let message = messages.open(account, &input.encoded_message);
        let invalid = || Error::InvalidAuthorizationMessage("Message is not valid".into());
        Ok(DecodeAuthorizationMessageOutput {
            decoded_message: Some(message.ok_or_else(invalid)?),
        })
    }
}
