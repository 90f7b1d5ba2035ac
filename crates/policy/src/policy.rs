use crate::{
    PolicyError, PrincipalPattern, Request,
    action::ActionPattern,
    condition::Condition,
    keys, parse,
    reach::{Caller, Reach, is_exempt_from_deny},
    resource::ResourcePattern,
    span::{self, Span},
};

/// What a document is attached to, which decides what its statements must and
/// must not hold and how its permissions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Of a user, group or role; also a permissions boundary or a session
    /// policy. No principal; resources required.
    Identity,
    /// Of a KMS key. As `Resource`, but nobody has access unless the key
    /// policy says so, and a statement without actions or resources is
    /// accepted and has no effect (source: KMS API Reference, `PutKeyPolicy`).
    Key,
    /// Of a secret or another resource. Principal and resources required.
    Resource,
    /// A resource control policy of an organization. As `Resource`, and the
    /// principal is `*`.
    ResourceControl,
    /// A service control policy of an organization. As `Identity`.
    ServiceControl,
    /// Of a role: who may assume it. Principal required, resources forbidden,
    /// actions of STS only, and nobody is trusted unless it says so.
    Trust,
}

/// How a policy of IAM's is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In a user, group or role, or passed to a session.
    Inline,
    /// By itself, in versions.
    Managed,
    /// In a role: who may assume it.
    Trust,
}

/// A policy, parsed, checked and compiled. Deciding by it parses nothing.
#[derive(Debug)]
pub struct Policy {
    pub(crate) id: Option<Box<str>>,
    pub(crate) kind: PolicyKind,
    pub(crate) source: Box<str>,
    pub(crate) statements: Box<[Statement]>,
}

/// One statement of a [`Policy`].
#[derive(Debug)]
pub struct Statement {
    pub(crate) actions: Selection<ActionPattern>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) effect: Effect,
    /// `None` where the kind of policy has no principals.
    pub(crate) principals: Option<Selection<PrincipalPattern>>,
    /// `None` where the kind of policy has no resources.
    pub(crate) resources: Option<Selection<ResourcePattern>>,
    pub(crate) sid: Option<Box<str>>,
}

/// What a statement does to the requests it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grants, unless something denies.
    Allow,
    /// Denies, whatever grants.
    Deny,
}

/// A list, or everything but the list (`NotAction` and its like).
#[derive(Debug)]
pub(crate) struct Selection<T> {
    pub(crate) list: Box<[T]>,
    pub(crate) negated: bool,
}

impl Policy {
    /// Parses and compiles a document.
    ///
    /// The grammar is taken strictly: element names by case, none unknown,
    /// none twice. Sizes are the caller's to limit, since they differ by
    /// service and are answered differently.
    ///
    /// # Errors
    /// [`PolicyError`]; of several the one that IAM tells of.
    ///
    /// Source: IAM User Guide, grammar of the IAM JSON policy language.
    pub fn parse(text: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        parse::policy(text, kind, None)
    }

    /// As [`Policy::parse`] of an identity or trust policy, with what IAM asks
    /// beyond the grammar when one is written: of resources, of a managed
    /// policy's version, and of whom a trust policy names.
    ///
    /// # Errors
    /// As [`Policy::parse`].
    pub fn parse_written(text: &str, form: Form) -> Result<Self, PolicyError> {
        let kind = match form {
            Form::Inline | Form::Managed => PolicyKind::Identity,
            Form::Trust => PolicyKind::Trust,
        };
        parse::policy(text, kind, Some(form))
    }

    /// The document's `Id`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The kind it was parsed as.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The document as it was parsed.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where each statement stands in [`Policy::source`].
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        span::statements(&self.source)
    }

    /// The condition keys that conditions and variables ask for, as written,
    /// each once, in the document's order.
    ///
    /// Source: IAM API Reference, `GetContextKeysForCustomPolicy`.
    #[must_use]
    pub fn context_keys(&self) -> Vec<String> {
        keys::of(&self.source)
    }

    /// The size that IAM's quotas count: characters other than white space.
    ///
    /// Source: IAM User Guide, IAM and STS quotas.
    #[must_use]
    pub fn counted_size(document: &str) -> usize {
        let counted = |letter: &char| !letter.is_whitespace();
        document.chars().filter(counted).count()
    }

    /// The statements in the document's order; at least one.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    /// `Allow` or `Deny`.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The entries of `Principal` or `NotPrincipal`; none in policies that
    /// name no principals.
    #[must_use]
    pub fn principals(&self) -> &[PrincipalPattern] {
        match &self.principals {
            Some(principals) => &principals.list,
            None => &[],
        }
    }

    /// Whether it is about this action.
    #[must_use]
    pub fn names(&self, action: &str) -> bool {
        let named = |pattern: &ActionPattern| pattern.matches(action);
        self.actions.selects(named)
    }

    /// Whether it holds whatever the request is like.
    #[must_use]
    pub fn is_unconditional(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether it matches no request in which the key's value is just any text:
    /// one of its conditions compares the value to texts that are not wildcards
    /// alone.
    #[must_use]
    pub fn pins(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.pins(key))
    }

    /// The `Sid`.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Whether action, resource and caller match, whatever the conditions say.
    pub(crate) fn concerns(&self, request: &Request<'_>) -> bool {
        self.reach_if(request, |_| true).is_some()
    }

    /// The keys, in lower case, that the conditions ask for.
    pub(crate) fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().filter_map(Condition::required_key)
    }

    /// How directly the statement reaches the request's caller, if it matches
    /// the request at all. The cheap and selective tests come first, so that
    /// context keys are read for few statements.
    pub(crate) fn reach(&self, request: &Request<'_>) -> Option<Reach> {
        self.reach_if(request, |condition| condition.holds(request.context))
    }

    fn reach_if(
        &self,
        request: &Request<'_>,
        hold: impl FnMut(&Condition) -> bool,
    ) -> Option<Reach> {
        let action = |pattern: &ActionPattern| pattern.matches(request.action);
        let resource =
            |pattern: &ResourcePattern| pattern.matches(request.resource, request.context);
        if !self.actions.selects(action)
            || !(self.resources.as_ref()).is_none_or(|resources| resources.selects(resource))
        {
            return None;
        }
        let reach = match &self.principals {
            Some(principals) => self.principal_reach(principals, request)?,
            None => Reach::Caller,
        };
        self.conditions.iter().all(hold).then_some(reach)
    }

    fn principal_reach(
        &self,
        principals: &Selection<PrincipalPattern>,
        request: &Request<'_>,
    ) -> Option<Reach> {
        let caller = Caller {
            principal: request.principal,
            issuer: request.issuer,
            partition: request.partition,
        };
        let reach = || {
            principals
                .list
                .iter()
                .filter_map(|it| it.reach(caller))
                .max()
        };
        match (principals.negated, self.effect) {
            (false, _) => reach(),
            (true, Effect::Allow) => reach().is_none().then_some(Reach::Caller),
            (true, Effect::Deny) => {
                (!is_exempt_from_deny(&principals.list, caller)).then_some(Reach::Caller)
            }
        }
    }
}

impl<T> Selection<T> {
    fn selects(&self, matches: impl FnMut(&T) -> bool) -> bool {
        self.list.iter().any(matches) != self.negated
    }
}
