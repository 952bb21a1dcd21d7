//! The return type of a function, as far as its signature shows it.

use proc_macro2::TokenStream;
use syn::{
    GenericArgument, Generics, Lifetime, Macro, Path, PathArguments, PathSegment, ReturnType, Type,
    TypeParamBound, TypePath, punctuated::Punctuated, visit::Visit, visit_mut::VisitMut,
};

use super::hygiene::quote;

/// The moment at which a function does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// During the call itself.
    Called,
    /// `async fn`: when the call is awaited.
    Awaited,
    /// When the future that the function returns is awaited.
    Returned { boxed: bool },
}

/// Returns the moment of the work, and the type of its result, if that is known.
pub(crate) fn find_work(is_async: bool, output: &ReturnType) -> (Work, Option<Type>) {
    let ReturnType::Type(_, returned) = output else {
        let work = if is_async {
            Work::Awaited
        } else {
            Work::Called
        };
        return (work, Some(syn::parse_quote!(())));
    };
    if is_async {
        return (Work::Awaited, Some((**returned).clone()));
    }
    find_future(returned).unwrap_or_else(|| (Work::Called, Some((**returned).clone())))
}

/// Recognises a future as return type, and its output; `None` for other types.
fn find_future(returned: &Type) -> Option<(Work, Option<Type>)> {
    if let Type::ImplTrait(of) = returned {
        let output = find_output(find_bound(&of.bounds, "Future")?);
        return Some((Work::Returned { boxed: false }, output));
    }
    let path = find_path(returned)?;
    let output = match last_segment(path)?.as_str() {
        "Pin" => {
            let boxed = first_argument(path).filter(|boxed| is_named(boxed, "Box"))?;
            let Type::TraitObject(object) = first_argument(find_path(boxed)?)? else {
                return None;
            };
            find_output(find_bound(&object.bounds, "Future")?)
        }
        "BoxFuture" | "LocalBoxFuture" => Some(first_argument(path)?.clone()),
        _ => return None,
    };
    Some((Work::Returned { boxed: true }, output))
}

/// A returned value that is measured until it ends or is dropped, by the shape in which it is given back.
pub(crate) enum LastingValue {
    /// `impl Stream`, `impl Iterator` or `impl Body`; `items` is the function that fixes the type of items, if the
    /// bounds name it: the value alone can leave that type open.
    Plain { items: Option<TokenStream> },
    /// `Pin<Box<dyn Stream>>`, or `BoxStream` and `LocalBoxStream`.
    Pinned,
    /// `Box<dyn Iterator>`, boxed but not pinned.
    Boxed,
    /// `http::Response<…>` with a body of one of these shapes.
    Response {
        body: Box<LastingValue>,
        of: Option<Box<Type>>,
    },
    /// `Result<…, _>` of one of these shapes.
    Result(Box<LastingValue>),
}

impl LastingValue {
    /// Recognises a return type; `None` if the end of its values cannot be seen.
    pub(crate) fn of(returned: &Type) -> Option<Self> {
        match returned {
            Type::ImplTrait(of) => has_end(&of.bounds).then(|| Self::Plain {
                items: find_items(&of.bounds),
            }),
            Type::Paren(of) => Self::of(&of.elem),
            Type::Group(of) => Self::of(&of.elem),
            _ => Self::of_path(find_path(returned)?),
        }
    }

    fn of_path(path: &Path) -> Option<Self> {
        let inner = first_argument(path)?;
        let object =
            |boxed: &Type| matches!(boxed, Type::TraitObject(object) if has_end(&object.bounds));
        match last_segment(path)?.as_str() {
            "BoxStream" | "LocalBoxStream" => Some(Self::Pinned),
            "Pin" => {
                let boxed = find_path(inner).filter(|_| is_named(inner, "Box"))?;
                object(first_argument(boxed)?).then_some(Self::Pinned)
            }
            "Box" => object(inner).then_some(Self::Boxed),
            "Response" => Some(Self::Response {
                body: Box::new(Self::of(inner)?),
                of: annotation(inner).map(Box::new),
            }),
            "Result" => Some(Self::Result(Box::new(Self::of(inner)?))),
            _ => None,
        }
    }

    /// Generates the value with the call in it, of the type that the signature names.
    pub(crate) fn generate_return(
        &self,
        private: &TokenStream,
        value: &TokenStream,
    ) -> TokenStream {
        let inner = quote!(__inner);
        match self {
            Self::Plain { items: None } => quote!(#private::until_drop!(__call, #value)),
            Self::Plain { items: Some(items) } => {
                quote!(#private::until_drop!(__call, #private::#items(#value)))
            }
            Self::Pinned => quote!(::std::boxed::Box::pin(#private::until_drop!(__call, #value))),
            Self::Boxed => quote!(::std::boxed::Box::new(#private::until_drop!(__call, #value))),
            Self::Response { body, of } => {
                let given = body.generate_return(private, &inner);
                // A box becomes the one that the signature says only where a type is asked for.
                let arrow = of.as_ref().map(|of| quote!(-> #of));
                quote!(#value.map(|__inner| #arrow { #given }))
            }
            Self::Result(of) => {
                let given = of.generate_return(private, &inner);
                quote! {
                    match #value {
                        ::core::result::Result::Ok(__inner) => ::core::result::Result::Ok(#given),
                        ::core::result::Result::Err(__error) => {
                            ::core::result::Result::Err(#private::in_sync(__call, || __error, |__error| {
                                #private::verdict!(&::core::result::Result::<(), _>::Err(__error))
                            }))
                        }
                    }
                }
            }
        }
    }
}

fn has_end(bounds: &Punctuated<TypeParamBound, syn::Token![+]>) -> bool {
    ["Stream", "Iterator", "Body"]
        .iter()
        .any(|name| find_bound(bounds, name).is_some())
}

/// Generates `stream_of::<I, _>` for `Stream<Item = I>`, and `iterator_of::<I, _>` for an iterator.
fn find_items(bounds: &Punctuated<TypeParamBound, syn::Token![+]>) -> Option<TokenStream> {
    let item = |of| {
        find_associated(find_bound(bounds, of)?, "Item")
            .as_ref()
            .and_then(annotation)
    };
    let of_stream = item("Stream").map(|item| quote!(stream_of::<#item, _>));
    of_stream.or_else(|| item("Iterator").map(|item| quote!(iterator_of::<#item, _>)))
}

/// Returns the bound whose trait has this name.
fn find_bound<'a>(
    bounds: &'a Punctuated<TypeParamBound, syn::Token![+]>,
    name: &str,
) -> Option<&'a Path> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            Some(&bound.path).filter(|path| last_segment(path).is_some_and(|last| last == name))
        }
        _ => None,
    })
}

/// Returns `T` of `Future<Output = T>`.
fn find_output(path: &Path) -> Option<Type> {
    find_associated(path, "Output")
}

/// Returns `T` of `Trait<Name = T>`.
fn find_associated(path: &Path, name: &str) -> Option<Type> {
    list_arguments(path)?.find_map(|argument| match argument {
        GenericArgument::AssocType(of) if of.ident == name => Some(of.ty.clone()),
        _ => None,
    })
}

fn find_path(of: &Type) -> Option<&Path> {
    match of {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => Some(path),
        Type::Paren(of) => find_path(&of.elem),
        Type::Group(of) => find_path(&of.elem),
        _ => None,
    }
}

fn last_segment(path: &Path) -> Option<String> {
    Some(path.segments.last()?.ident.to_string())
}

fn is_named(of: &Type, name: &str) -> bool {
    find_path(of)
        .and_then(last_segment)
        .is_some_and(|last| last == name)
}

fn list_arguments(path: &Path) -> Option<impl Iterator<Item = &GenericArgument>> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(of) => Some(of.args.iter()),
        _ => None,
    }
}

/// Returns the first generic argument that is a type.
fn first_argument(path: &Path) -> Option<&Type> {
    list_arguments(path)?.find_map(|argument| match argument {
        GenericArgument::Type(of) => Some(of),
        _ => None,
    })
}

/// Returns the type as it may stand in a `let`: `_` in place of each `impl Trait`; `None` if nothing would be left of
/// it.
pub(crate) fn annotation(returned: &Type) -> Option<Type> {
    replace_impl_trait(returned, &syn::parse_quote!(_))
}

/// Returns the type as it may stand in an expression: `()` in place of each `impl Trait`; `None` if nothing would be
/// left of it.
pub(crate) fn nameable(returned: &Type) -> Option<Type> {
    replace_impl_trait(returned, &syn::parse_quote!(()))
}

fn replace_impl_trait(returned: &Type, by: &Type) -> Option<Type> {
    if matches!(returned, Type::ImplTrait(_) | Type::Never(_)) {
        return None;
    }
    let mut returned = returned.clone();
    ImplTraitReplacer { by }.visit_type_mut(&mut returned);
    Some(returned)
}

struct ImplTraitReplacer<'a> {
    by: &'a Type,
}

impl VisitMut for ImplTraitReplacer<'_> {
    fn visit_type_mut(&mut self, of: &mut Type) {
        if matches!(of, Type::ImplTrait(_)) {
            *of = self.by.clone();
        } else {
            syn::visit_mut::visit_type_mut(self, of);
        }
    }
}

/// True if the type means the same outside of the function: no type parameter, lifetime or `Self` in it.
pub(crate) fn is_static(returned: &Type, generics: &Generics) -> bool {
    let mut finder = BoundFinder {
        generics,
        found: false,
    };
    finder.visit_type(returned);
    !finder.found
}

struct BoundFinder<'a> {
    generics: &'a Generics,
    found: bool,
}

impl<'ast> Visit<'ast> for BoundFinder<'_> {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        let name = &segment.ident;
        let mut types = self.generics.type_params().map(|of| &of.ident);
        let mut constants = self.generics.const_params().map(|of| &of.ident);
        self.found |= name == "Self"
            || types.any(|parameter| parameter == name)
            || constants.any(|parameter| parameter == name);
        syn::visit::visit_path_segment(self, segment);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.found |= lifetime.ident != "static" && lifetime.ident != "_";
    }

    fn visit_macro(&mut self, _: &'ast Macro) {
        self.found = true;
    }
}
