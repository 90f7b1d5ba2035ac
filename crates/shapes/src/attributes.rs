//! Reads a struct's fields and their `#[shape(…)]` attributes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Data, DeriveInput, Error, Field, Fields, GenericArgument, Ident, LitInt, LitStr, PathArguments,
    Result, Type, ext::IdentExt as _, meta::ParseNestedMeta, parenthesized,
};

/// One member of a shape.
pub(crate) struct Member {
    pub(crate) ident: Ident,
    /// The type without the `Option` around it.
    pub(crate) inner: Type,
    pub(crate) optional: bool,
    pub(crate) wire_name: String,
    pub(crate) record_name: String,
    pub(crate) recorded: bool,
    pub(crate) masked: bool,
    constraints: Vec<Constraint>,
    each: Vec<Constraint>,
}

enum Constraint {
    Length(LitInt, LitInt),
    Pattern(LitStr),
    Range(LitInt, LitInt),
}

impl Member {
    /// The member in a record, where `value` is what is there.
    pub(crate) fn record(&self, value: &TokenStream, shape: &TokenStream) -> TokenStream {
        let Self {
            inner, record_name, ..
        } = self;
        if self.masked {
            quote!({
                let _ = #value;
                record.put(#record_name, Some("****".into()));
            })
        } else {
            quote!(record.put(#record_name, <#inner as #shape>::record(#value));)
        }
    }

    /// `&[Constraint, …]` for the member itself.
    pub(crate) fn constraints(&self) -> TokenStream {
        list(&self.constraints)
    }

    /// `&[Constraint, …]` for the items of a list.
    pub(crate) fn each(&self) -> TokenStream {
        list(&self.each)
    }
}

/// The members of a struct with named fields, in order.
pub(crate) fn members(item: &DeriveInput) -> Result<Vec<Member>> {
    let Data::Struct(data) = &item.data else {
        return Err(Error::new_spanned(item, "a shape is a struct"));
    };
    match &data.fields {
        Fields::Named(fields) => fields.named.iter().map(member).collect(),
        Fields::Unit => Ok(Vec::new()),
        Fields::Unnamed(_) => Err(Error::new_spanned(item, "a shape's members have names")),
    }
}

fn member(field: &Field) -> Result<Member> {
    let Some(ident) = field.ident.clone() else {
        return Err(Error::new_spanned(field, "a shape's members have names"));
    };
    let option = option_argument(&field.ty);
    // `r#type` is the member `Type`.
    let mut wire_name = pascal_case(&ident.unraw().to_string());
    let mut recorded = true;
    let mut masked = false;
    let mut constraints = Vec::new();
    let mut each = Vec::new();
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("shape"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                wire_name = meta.value()?.parse::<LitStr>()?.value();
                Ok(())
            } else if meta.path.is_ident("unrecorded") {
                recorded = false;
                Ok(())
            } else if meta.path.is_ident("masked") {
                masked = true;
                Ok(())
            } else if meta.path.is_ident("each") {
                meta.parse_nested_meta(|inner| {
                    each.push(constraint(&inner)?);
                    Ok(())
                })
            } else {
                constraints.push(constraint(&meta)?);
                Ok(())
            }
        })?;
    }
    Ok(Member {
        record_name: record_name(&wire_name),
        inner: option.cloned().unwrap_or_else(|| field.ty.clone()),
        optional: option.is_some(),
        ident,
        wire_name,
        recorded,
        masked,
        constraints,
        each,
    })
}

fn constraint(meta: &ParseNestedMeta<'_>) -> Result<Constraint> {
    let content;
    parenthesized!(content in meta.input);
    if meta.path.is_ident("pattern") {
        return Ok(Constraint::Pattern(content.parse()?));
    }
    let min = content.parse()?;
    content.parse::<syn::Token![,]>()?;
    let max = content.parse()?;
    if meta.path.is_ident("length") {
        Ok(Constraint::Length(min, max))
    } else if meta.path.is_ident("range") {
        Ok(Constraint::Range(min, max))
    } else {
        Err(meta.error(
            "expected `length`, `range`, `pattern`, `each`, `name`, `masked` or `unrecorded`",
        ))
    }
}

fn list(constraints: &[Constraint]) -> TokenStream {
    let items = constraints.iter().map(|constraint| match constraint {
        Constraint::Length(min, max) => quote!(crate::shape::Constraint::Length(#min, #max)),
        Constraint::Range(min, max) => quote!(crate::shape::Constraint::Range(#min, #max)),
        Constraint::Pattern(text) => quote!({
            // Compiled at first use, then kept for the life of the process.
            static PATTERN: crate::shape::Pattern = crate::shape::Pattern::new(#text);
            crate::shape::Constraint::Pattern(&PATTERN)
        }),
    });
    quote!(&[#(#items),*])
}

/// `T` of `Option<T>`.
fn option_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

fn pascal_case(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

/// CloudTrail writes members with a small first letter, and `ARN` as `arn`.
fn record_name(wire_name: &str) -> String {
    if wire_name == "ARN" {
        return "arn".to_owned();
    }
    let mut letters = wire_name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
