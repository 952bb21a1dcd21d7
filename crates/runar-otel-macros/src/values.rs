//! Values of options, by the type that an option expects.

use syn::{
    Error, Expr, ExprLit, ExprUnary, Lit, LitFloat, LitStr, Path, UnOp, spanned::Spanned as _,
};

use crate::options::{Given, Value};

impl Given {
    /// Returns a string: `name = "…"`.
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        let shape = "= \"…\"";
        match self.expression(shape)? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Ok(text.clone()),
            other => Err(self.wrong(other.span(), "a string", shape)),
        }
    }

    /// Returns a string that is not blank.
    pub(crate) fn word(&self) -> syn::Result<LitStr> {
        let text = self.text()?;
        if text.value().trim().is_empty() {
            let message = format!("`{}` is empty: expected a text", self.name);
            return Err(Error::new(text.span(), message));
        }
        Ok(text)
    }

    /// Returns a flag: `actions`, `actions = true` or `actions = false`.
    pub(crate) fn flag(&self) -> syn::Result<bool> {
        let shape = "= true";
        match &self.value {
            Value::None => Ok(true),
            Value::Is(Expr::Lit(ExprLit {
                lit: Lit::Bool(flag),
                ..
            })) => Ok(flag.value),
            Value::Is(other) => Err(self.wrong(other.span(), "`true` or `false`", shape)),
            Value::Of(_) => Err(self.wrong(self.name.span(), "`true` or `false`", shape)),
        }
    }

    /// Returns a path: `crate = a::b`.
    pub(crate) fn path(&self) -> syn::Result<Path> {
        let shape = "= some::path";
        match self.expression(shape)? {
            Expr::Path(path) => Ok(path.path.clone()),
            other => Err(self.wrong(other.span(), "a path", shape)),
        }
    }

    /// Returns a list of strings: `labels = ["a", "b"]`.
    pub(crate) fn texts(&self) -> syn::Result<Vec<LitStr>> {
        let shape = "= [\"…\", \"…\"]";
        let mut texts = Vec::new();
        for element in self.elements("a list of strings", shape)? {
            match element {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => texts.push(text.clone()),
                other => return Err(self.wrong(other.span(), "a list of strings", shape)),
            }
        }
        Ok(texts)
    }

    /// Returns bucket bounds: finite numbers that increase.
    pub(crate) fn bounds(&self) -> syn::Result<Vec<f64>> {
        let shape = "= [0.1, 0.5, 1.0]";
        let mut bounds: Vec<(f64, String)> = Vec::new();
        for element in self.elements("a list of numbers", shape)? {
            let Some((bound, said)) = number(element) else {
                return Err(self.wrong(element.span(), "a list of numbers", shape));
            };
            if let Some((before, said_before)) = bounds.last()
                && bound <= *before
            {
                let message = format!("bucket bounds must increase: {said} follows {said_before}");
                return Err(Error::new(element.span(), message));
            }
            bounds.push((bound, said));
        }
        Ok(bounds.into_iter().map(|(bound, _)| bound).collect())
    }

    fn elements(&self, expected: &str, shape: &str) -> syn::Result<impl Iterator<Item = &Expr>> {
        match self.expression(shape)? {
            Expr::Array(array) => Ok(array.elems.iter()),
            other => Err(self.wrong(other.span(), expected, shape)),
        }
    }

    fn expression(&self, shape: &str) -> syn::Result<&Expr> {
        match &self.value {
            Value::Is(expression) => Ok(expression),
            Value::None | Value::Of(_) => {
                let message = format!(
                    "`{}` needs a value: write `{} {shape}`",
                    self.name, self.name
                );
                Err(Error::new(self.name.span(), message))
            }
        }
    }

    fn wrong(&self, span: proc_macro2::Span, expected: &str, shape: &str) -> Error {
        let message = format!("`{0}` takes {expected}: write `{0} {shape}`", self.name);
        Error::new(span, message)
    }
}

/// Returns a finite number, and the number as written.
fn number(expression: &Expr) -> Option<(f64, String)> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Float(float),
            ..
        }) => Some((finite(float)?, float.to_string())),
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => Some((int.base10_parse().ok()?, int.to_string())),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(|(number, said)| (-number, format!("-{said}"))),
        _ => None,
    }
}

fn finite(float: &LitFloat) -> Option<f64> {
    let number: f64 = float.base10_parse().ok()?;
    number.is_finite().then_some(number)
}
