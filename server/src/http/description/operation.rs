//! One thing that a program may ask for, as `OpenAPI` has it.

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{HttpMethod, RefOr, Required, ResponseBuilder, Schema, path};

use protocol::Problem;

/// Names of the ways to say who asks.
pub(super) const LOGIN: &str = "login";
pub(super) const COOKIE: &str = "cookie";
pub(super) const API_KEY: &str = "api_key";
pub(super) const APP_TOKEN: &str = "app_token";
pub(super) const OPERATOR: &str = "operator";

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Whoever.
    Anybody,
    /// A guest or an account.
    Person,
    /// An application's backend.
    Backend,
    /// A user of an application.
    AppUser,
    /// An operator of this server.
    Operator,
}

/// What a body is.
#[derive(Clone)]
pub(super) struct Body {
    kind: &'static str,
    schema: RefOr<Schema>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// See the module.
#[derive(Clone)]
pub(super) struct Operation {
    method: HttpMethod,
    path: &'static str,
    tag: &'static str,
    says: &'static str,
    asker: Asker,
    query: Vec<(&'static str, &'static str, bool)>,
    takes: Option<(Body, bool)>,
    answers: Vec<(u16, &'static str, Option<Body>)>,
}

impl Body {
    /// JSON of a type.
    pub(super) fn json<T: ToSchema>() -> Self {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        let schema = utoipa::openapi::Ref::from_schema_name(T::name()).into();
        Self { kind: "application/json", schema, schemas }
    }

    /// A list of them.
    pub(super) fn list<T: ToSchema>() -> Self {
        let one = Self::json::<T>();
        let schema = utoipa::openapi::schema::ArrayBuilder::new().items(one.schema).build();
        Self { schema: Schema::Array(schema).into(), ..one }
    }

    /// Text of another kind.
    pub(super) fn text(kind: &'static str) -> Self {
        let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        Self { kind, schema: Schema::Object(schema).into(), schemas: Vec::new() }
    }

    fn problem() -> Self {
        Self { kind: "application/problem+json", ..Self::json::<Problem>() }
    }

    fn content(&self) -> utoipa::openapi::Content {
        ContentBuilder::new().schema(Some(self.schema.clone())).build()
    }
}

/// What every answer has.
fn answer(says: &str) -> ResponseBuilder {
    let id = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
    let id = HeaderBuilder::new().schema(id).description(Some("Names the request; the operator's log has it.")).build();
    ResponseBuilder::new().description(says).header("X-Request-Id", id)
}

/// One that takes and answers nothing yet.
pub(super) const fn operation(
    method: HttpMethod,
    path: &'static str,
    tag: &'static str,
    asker: Asker,
    says: &'static str,
) -> Operation {
    Operation { method, path, tag, says, asker, query: Vec::new(), takes: None, answers: Vec::new() }
}

impl Operation {
    pub(super) fn takes(mut self, body: Body) -> Self {
        self.takes = Some((body, true));
        self
    }

    /// The body may be left out.
    pub(super) fn may_take(mut self, body: Body) -> Self {
        self.takes = Some((body, false));
        self
    }

    /// A parameter of the query.
    pub(super) fn asks(mut self, name: &'static str, says: &'static str, is_required: bool) -> Self {
        self.query.push((name, says, is_required));
        self
    }

    pub(super) fn answers(mut self, status: u16, says: &'static str, body: Body) -> Self {
        self.answers.push((status, says, Some(body)));
        self
    }

    /// Answers without a body.
    pub(super) fn answers_nothing(mut self, status: u16, says: &'static str) -> Self {
        self.answers.push((status, says, None));
        self
    }

    #[cfg(test)]
    pub(super) const fn path(&self) -> &'static str {
        self.path
    }

    #[cfg(test)]
    pub(super) fn method(&self) -> &'static str {
        match self.method {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Delete => "DELETE",
            HttpMethod::Options => "OPTIONS",
            HttpMethod::Head => "HEAD",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Trace => "TRACE",
        }
    }

    /// Every type that it names.
    pub(super) fn schemas(&self) -> BTreeMap<String, RefOr<Schema>> {
        let bodies = self.takes.iter().map(|(body, _)| body);
        let bodies = bodies.chain(self.answers.iter().filter_map(|(_, _, body)| body.as_ref()));
        let problem = Body::problem();
        bodies.chain([&problem]).flat_map(|body| body.schemas.clone()).collect()
    }

    /// As the document has it: path, method, and the rest.
    pub(super) fn described(&self) -> (&'static str, HttpMethod, path::Operation) {
        let mut described =
            OperationBuilder::new().tag(self.tag).summary(Some(self.says)).operation_id(Some(self.id()));
        for part in self.path.split('/') {
            if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                described = described.parameter(parameter(name, ParameterIn::Path, None, true));
            }
        }
        for (name, says, is_required) in &self.query {
            described = described.parameter(parameter(name, ParameterIn::Query, Some(says), *is_required));
        }
        if let Some((body, is_required)) = &self.takes {
            let required = if *is_required { Required::True } else { Required::False };
            let taken = RequestBodyBuilder::new().content(body.kind, body.content()).required(Some(required));
            described = described.request_body(Some(taken.build()));
        }
        for (status, says, body) in &self.answers {
            let mut answer = answer(says);
            if let Some(body) = body {
                answer = answer.content(body.kind, body.content());
            }
            described = described.response(status.to_string(), answer.build());
        }
        let problem = Body::problem();
        let refused = answer("Refused: why, and what to do.").content(problem.kind, problem.content());
        described = described.response("default", refused.build());
        for need in self.needs() {
            described = described.security(need);
        }
        (self.path, self.method.clone(), described.build())
    }

    fn needs(&self) -> Vec<SecurityRequirement> {
        let names: &[&str] = match self.asker {
            Asker::Anybody => return vec![SecurityRequirement::default()],
            Asker::Person => &[LOGIN, COOKIE],
            Asker::Backend => &[API_KEY],
            Asker::AppUser => &[APP_TOKEN],
            Asker::Operator => &[OPERATOR],
        };
        names.iter().map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(*name, [])).collect()
    }

    /// The method and the words of the path.
    fn id(&self) -> String {
        let method = match self.method {
            HttpMethod::Get => "get",
            HttpMethod::Post => "post",
            HttpMethod::Put => "put",
            HttpMethod::Delete => "delete",
            HttpMethod::Options => "options",
            HttpMethod::Head => "head",
            HttpMethod::Patch => "patch",
            HttpMethod::Trace => "trace",
        };
        let words = self
            .path
            .split(['/', '{', '}', '-', '.'])
            .filter(|word| !word.is_empty() && *word != "api" && *word != "v1");
        words.fold(method.to_owned(), |id, word| id + "_" + word)
    }
}

fn parameter(name: &str, place: ParameterIn, says: Option<&str>, is_required: bool) -> path::Parameter {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
    let required = if is_required { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .description(says)
        .required(required)
        .schema(Some(text))
        .build()
}
