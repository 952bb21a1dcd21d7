//! The model of `#[derive(ErrorType)]`: the type and its options, checked.

use syn::{
    Attribute, Data, DeriveInput, Error, Fields, Generics, Ident, LitStr, Type, ext::IdentExt as _,
    spanned::Spanned as _,
};

use crate::{
    attributes,
    crate_path::CratePath,
    options::{AttributeOption, BareString, Errors, OptionReader, value},
};

/// The error type that gets the implementation.
pub(super) struct Model {
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) shape: Shape,
    pub(super) crate_path: CratePath,
}

pub(super) enum Shape {
    /// A struct, which has always the same error type.
    Struct(Variant),
    Enum(Vec<Variant>),
}

/// A variant of the enum, or the struct.
pub(super) struct Variant {
    pub(super) ident: Ident,
    /// The name of the first field; `None` if the field has none.
    pub(super) field: Option<Ident>,
    pub(super) kind: VariantKind,
}

/// The source of the value of `error_type`.
pub(super) enum VariantKind {
    Named(String),
    /// The value of the error inside, which has this type.
    Transparent(Box<Type>),
}

/// The options of `#[error_type(…)]`.
struct ErrorTypeOptions {
    name: Option<LitStr>,
    transparent: Option<Ident>,
    crate_path: Option<CratePath>,
}

/// The place of the options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Type,
    Variant,
}

impl ErrorTypeOptions {
    fn read(attributes: &[Attribute], place: Place, errors: &mut Errors) -> Self {
        let mut options = OptionReader::default();
        let own = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("error_type"));
        for attribute in own {
            let tokens = errors.keep(attributes::tokens(attribute));
            options.add(tokens.unwrap_or_default(), BareString::ValueOf("name"));
        }
        let name = options.read("name", parse_name);
        let transparent = options.read("transparent", value::word);
        let crate_path = match place {
            Place::Type => options.read_crate_path(),
            Place::Variant => {
                options.refuse("crate", "`crate` belongs on the type");
                None
            }
        };
        options.finish(errors);
        Self {
            name: name.map(|name| name.value),
            transparent: transparent.map(|transparent| transparent.name),
            crate_path,
        }
    }
}

fn parse_name(option: &AttributeOption) -> syn::Result<LitStr> {
    let name = value::text(option)?;
    if name.value().trim() == "panic" {
        let message = "`panic` is what a panic is shown as: choose another name";
        return Err(Error::new(name.span(), message));
    }
    Ok(name)
}

impl Model {
    pub(super) fn parse(input: &DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let own = ErrorTypeOptions::read(&input.attrs, Place::Type, &mut errors);
        let shape = match &input.data {
            Data::Struct(data) => {
                let only = Variant::new(&own, &input.ident, &data.fields);
                errors.keep(only.map(Shape::Struct))
            }
            Data::Enum(data) => {
                if let Some(name) = &own.name {
                    errors.at(
                        name.span(),
                        "an enum is named by its variants: put it on one",
                    );
                }
                let variants = data.variants.iter().filter_map(|variant| {
                    let options =
                        ErrorTypeOptions::read(&variant.attrs, Place::Variant, &mut errors);
                    errors.keep(Variant::new(&options, &variant.ident, &variant.fields))
                });
                Some(Shape::Enum(variants.collect()))
            }
            Data::Union(data) => {
                let message = "`ErrorType` is for enums and structs";
                errors.at(data.union_token.span(), message);
                None
            }
        };
        errors.finish()?;
        let shape =
            shape.ok_or_else(|| Error::new(input.ident.span(), "expected an error type"))?;
        let model = Self {
            ident: input.ident.clone(),
            generics: input.generics.clone(),
            shape,
            crate_path: own.crate_path.unwrap_or_default(),
        };
        model.check_generics()?;
        Ok(model)
    }

    /// Returns the kinds in the order of the variants.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &VariantKind> {
        let (one, many) = match &self.shape {
            Shape::Struct(only) => (Some(&only.kind), None),
            Shape::Enum(variants) => (None, Some(variants.iter().map(|variant| &variant.kind))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Refuses `transparent` on a generic type: the list of error types is a constant, which cannot depend on type
    /// parameters.
    fn check_generics(&self) -> syn::Result<()> {
        let generic = !self.generics.params.is_empty();
        let transparent = self.kinds().find_map(|kind| match kind {
            VariantKind::Transparent(inner) => Some(inner),
            VariantKind::Named(_) => None,
        });
        match transparent {
            Some(inner) if generic => {
                let message = "`transparent` needs a type without parameters";
                Err(Error::new(inner.span(), message))
            }
            _ => Ok(()),
        }
    }
}

impl Variant {
    fn new(options: &ErrorTypeOptions, ident: &Ident, fields: &Fields) -> syn::Result<Self> {
        Ok(Self {
            ident: ident.clone(),
            field: fields.iter().next().and_then(|field| field.ident.clone()),
            kind: choose_kind(options, ident, fields)?,
        })
    }
}

fn choose_kind(
    options: &ErrorTypeOptions,
    ident: &Ident,
    fields: &Fields,
) -> syn::Result<VariantKind> {
    match (&options.name, &options.transparent) {
        (Some(name), Some(_)) => {
            let message = "`transparent` takes the name of what is inside: leave one of both out";
            Err(Error::new(name.span(), message))
        }
        (Some(name), None) => Ok(VariantKind::Named(name.value())),
        (None, Some(at)) => {
            let mut fields = fields.iter();
            match (fields.next(), fields.next()) {
                (Some(only), None) => Ok(VariantKind::Transparent(Box::new(only.ty.clone()))),
                _ => Err(Error::new(
                    at.span(),
                    "`transparent` needs exactly one field",
                )),
            }
        }
        (None, None) => Ok(VariantKind::Named(snake_case(&ident.unraw().to_string()))),
    }
}

/// Converts a name: `HttpError` and `HTTPError` become `http_error`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(i + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                *before != '_'
                    && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        for (name, snake) in [
            ("NotFound", "not_found"),
            ("HTTPError", "http_error"),
            ("Io", "io"),
            ("Http2Error", "http2_error"),
            ("Already_There", "already_there"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
