//! From the parser's tree to the checked one: only known nodes, right types.

use std::ops::Range;

use rust_decimal::Decimal;
use zen_expression::functions::{FunctionKind, InternalFunction};
use zen_expression::intellisense::{AstMetadata, IntelliSense};
use zen_expression::lexer::{ArithmeticOperator, ComparisonOperator, LogicalOperator, Operator};
use zen_expression::parser::Node;

use super::tree::{Arithmetic, Comparison, Number, Test};
use super::variable::{Variable, VariableKind};
use super::{Expression, Mistake};
use crate::rules::diagnostic::quoted;

/// Most decimal places that `round` may keep.
const MAX_PLACES: u32 = 10;

/// A function that an expression may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Min,
    Max,
    Round,
    Floor,
    Ceil,
}

impl Function {
    pub(super) const ALL: [Function; 6] = [
        Function::Abs,
        Function::Min,
        Function::Max,
        Function::Round,
        Function::Floor,
        Function::Ceil,
    ];

    pub(super) fn named(name: &str) -> Option<Function> {
        let found = Function::ALL.iter().find(|known| known.name() == name);
        found.copied()
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Function::Abs => "abs",
            Function::Min => "min",
            Function::Max => "max",
            Function::Round => "round",
            Function::Floor => "floor",
            Function::Ceil => "ceil",
        }
    }

    /// How it is called, as a pattern.
    pub(super) const fn usage(self) -> &'static str {
        match self {
            Function::Abs => "abs(x)",
            Function::Min => "min(x, y)",
            Function::Max => "max(x, y)",
            Function::Round => "round(x)",
            Function::Floor => "floor(x)",
            Function::Ceil => "ceil(x)",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Function::Abs => "`x` without its sign.",
            Function::Min => "The lowest of two or more numbers.",
            Function::Max => "The highest of two or more numbers.",
            Function::Round => {
                "The nearest whole number, halves away from zero; `round(x, 2)` keeps two \
                 decimal places, ten at most."
            }
            Function::Floor => "The next whole number at or below `x`.",
            Function::Ceil => "The next whole number at or above `x`.",
        }
    }

    const fn of(kind: &FunctionKind) -> Option<Function> {
        let FunctionKind::Internal(function) = kind else {
            return None;
        };
        match function {
            InternalFunction::Abs => Some(Function::Abs),
            InternalFunction::Min => Some(Function::Min),
            InternalFunction::Max => Some(Function::Max),
            InternalFunction::Round => Some(Function::Round),
            InternalFunction::Floor => Some(Function::Floor),
            InternalFunction::Ceil => Some(Function::Ceil),
            _ => None,
        }
    }
}

/// The functions as a table in Markdown, as it stands in the docs.
pub fn functions_table() -> String {
    let mut table = String::from("| function | value |\n|---|---|\n");
    for function in Function::ALL {
        let (usage, meaning) = (function.usage(), function.meaning());
        table.push_str(&format!("| `{usage}` | {meaning} |\n"));
    }
    table
}

/// Parses and checks a text that was scanned.
pub(super) fn check(text: &str) -> Result<Expression, Vec<Mistake>> {
    let parsed = IntelliSense::new().with_ast(text, false, |root, metadata| {
        let mut checker = Checker {
            text,
            metadata,
            reads: Vec::new(),
            mistakes: Vec::new(),
        };
        let root = checker.root(root);
        (root, checker.reads, checker.mistakes)
    });
    match parsed {
        Some((Some(root), reads, mistakes)) if mistakes.is_empty() => {
            Ok(Expression { root, reads })
        }
        Some((_, _, mistakes)) if !mistakes.is_empty() => Err(mistakes),
        _ => Err(vec![unreadable(text)]),
    }
}

/// What the scanner lets pass and the parser does not: `?` without its `:`, a
/// comma or a colon that belongs to nothing.
fn unreadable(text: &str) -> Mistake {
    let help = "`?` and `:` belong together, and commas stand between the values of a function";
    Mistake::new(0..text.len(), "this cannot be read as an expression").help(help)
}

enum Typed {
    Number(Number),
    Test(Test),
}

impl Typed {
    const fn words(&self) -> &'static str {
        match self {
            Typed::Number(_) => "a number",
            Typed::Test(_) => "true or false",
        }
    }
}

/// Goes over the parser's tree. Recursion is bounded by the number of words.
struct Checker<'c> {
    text: &'c str,
    metadata: &'c AstMetadata,
    reads: Vec<Variable>,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn root(&mut self, node: &Node<'_>) -> Option<Test> {
        let whole = 0..self.text.len();
        match self.typed(node)? {
            Typed::Number(_) => {
                let message = "this is a number, and a condition must be true or false";
                let help = "compare it with something: `... <= -1000`";
                self.mistakes.push(Mistake::new(whole, message).help(help));
                None
            }
            Typed::Test(_) if self.reads.is_empty() => {
                let message = "this reads nothing of the account, so it never changes";
                let help = "compare a variable: `session_pnl <= -1000`";
                self.mistakes.push(Mistake::new(whole, message).help(help));
                None
            }
            Typed::Test(test) => Some(test),
        }
    }

    fn typed(&mut self, node: &Node<'_>) -> Option<Typed> {
        match node {
            Node::Bool(answer) => Some(Typed::Test(Test::Literal(*answer))),
            Node::Number(number) => Some(Typed::Number(Number::Literal(*number))),
            Node::Identifier(name) => self.variable(node, name),
            Node::Parenthesized(inner) => self.typed(inner),
            Node::Unary { node, operator } => self.unary(*operator, node),
            Node::Binary {
                left,
                operator,
                right,
            } => self.binary(node, left, *operator, right),
            Node::Conditional {
                condition,
                on_true,
                on_false,
            } => self.chosen(condition, on_true, on_false),
            Node::FunctionCall { kind, arguments } => {
                self.call(node, kind, arguments).map(Typed::Number)
            }
            _ => self.refuse(node),
        }
    }

    fn refuse<T>(&mut self, node: &Node<'_>) -> Option<T> {
        let message = format!("{} is not part of expressions", self.shown(node));
        self.wrong(node, message, None)
    }

    fn wrong<T>(&mut self, node: &Node<'_>, message: String, help: Option<&str>) -> Option<T> {
        let mistake = Mistake::new(self.span(node), message);
        let help = help.map(str::to_owned);
        self.mistakes.push(mistake.maybe_help(help));
        None
    }

    /// The bytes of a node; the parser says them for the second half of a
    /// choice only.
    fn span(&self, node: &Node<'_>) -> Range<usize> {
        let address = std::ptr::from_ref(node).addr();
        let (start, end) = self
            .metadata
            .get(&address)
            .map_or((0, u32::MAX), |known| known.span);
        let start = match node {
            Node::Conditional { condition, .. } => self.span(condition).start,
            _ => start as usize,
        };
        start.min(self.text.len())..(end as usize).min(self.text.len())
    }

    fn shown(&self, node: &Node<'_>) -> String {
        quoted(self.text.get(self.span(node)).unwrap_or_default())
    }

    fn variable(&mut self, node: &Node<'_>, name: &str) -> Option<Typed> {
        let Some(variable) = Variable::named(name) else {
            let message = format!("there is no variable {}", quoted(name));
            return self.wrong(node, message, None);
        };
        if !self.reads.contains(&variable) {
            self.reads.push(variable);
        }
        Some(match variable.kind() {
            VariableKind::Flag => Typed::Test(Test::Variable(variable)),
            _ => Typed::Number(Number::Variable(variable)),
        })
    }

    /// A node that must be a number; `who` asks for one.
    fn number(&mut self, node: &Node<'_>, who: &str) -> Option<Number> {
        match self.typed(node)? {
            Typed::Number(number) => Some(number),
            Typed::Test(_) => {
                let shown = self.shown(node);
                let message = format!("`{who}` takes numbers, and {shown} is true or false");
                let help = is_comparison(node).then_some("join two comparisons with `and` or `or`");
                self.wrong(node, message, help)
            }
        }
    }

    /// A node that must be true or false; `who` asks for it.
    fn test(&mut self, node: &Node<'_>, who: &str, help: &str) -> Option<Test> {
        match self.typed(node)? {
            Typed::Test(test) => Some(test),
            Typed::Number(_) => {
                let shown = self.shown(node);
                let message =
                    format!("`{who}` takes what is true or false, and {shown} is a number");
                self.wrong(node, message, Some(help))
            }
        }
    }

    fn unary(&mut self, operator: Operator, node: &Node<'_>) -> Option<Typed> {
        match operator {
            Operator::Logical(LogicalOperator::Not) => {
                let help = "put what is meant in brackets: `not (equity > 0)`";
                let inner = self.test(node, "not", help)?;
                Some(Typed::Test(Test::Not(Box::new(inner))))
            }
            Operator::Arithmetic(ArithmeticOperator::Subtract) => {
                let inner = self.number(node, "-")?;
                Some(Typed::Number(Number::Negated(Box::new(inner))))
            }
            Operator::Arithmetic(ArithmeticOperator::Add) => {
                self.number(node, "+").map(Typed::Number)
            }
            _ => self.refuse(node),
        }
    }

    fn binary(
        &mut self,
        node: &Node<'_>,
        left: &Node<'_>,
        operator: Operator,
        right: &Node<'_>,
    ) -> Option<Typed> {
        match operator {
            Operator::Arithmetic(operator) => {
                let Some(how) = arithmetic(operator) else {
                    return self.refuse(node);
                };
                let sides = self.numbers(left, right, &operator.to_string())?;
                let divides = matches!(how, Arithmetic::Divide | Arithmetic::Remainder);
                if divides && sides.1 == Number::Literal(Decimal::ZERO) {
                    return self.wrong(right, "this divides by zero".to_owned(), None);
                }
                Some(Typed::Number(Number::Arithmetic(how, Box::new(sides))))
            }
            Operator::Logical(LogicalOperator::And) => self
                .tests(left, right, "and")
                .map(Test::And)
                .map(Typed::Test),
            Operator::Logical(LogicalOperator::Or) => {
                self.tests(left, right, "or").map(Test::Or).map(Typed::Test)
            }
            Operator::Comparison(operator) => self
                .comparison(node, left, operator, right)
                .map(Typed::Test),
            _ => self.refuse(node),
        }
    }

    /// Both sides, so that what is wrong with either is said.
    fn numbers(
        &mut self,
        left: &Node<'_>,
        right: &Node<'_>,
        who: &str,
    ) -> Option<(Number, Number)> {
        let (left, right) = (self.number(left, who), self.number(right, who));
        Some((left?, right?))
    }

    fn tests(&mut self, left: &Node<'_>, right: &Node<'_>, who: &str) -> Option<Box<(Test, Test)>> {
        let help = "compare it with something: `equity > 0`";
        let (left, right) = (self.test(left, who, help), self.test(right, who, help));
        Some(Box::new((left?, right?)))
    }

    fn comparison(
        &mut self,
        node: &Node<'_>,
        left: &Node<'_>,
        operator: ComparisonOperator,
        right: &Node<'_>,
    ) -> Option<Test> {
        let how = match operator {
            ComparisonOperator::LessThan => Comparison::Below,
            ComparisonOperator::LessThanOrEqual => Comparison::AtOrBelow,
            ComparisonOperator::GreaterThan => Comparison::Above,
            ComparisonOperator::GreaterThanOrEqual => Comparison::AtOrAbove,
            ComparisonOperator::Equal | ComparisonOperator::NotEqual => {
                return self.equality(node, left, operator, right);
            }
            ComparisonOperator::In | ComparisonOperator::NotIn => return self.refuse(node),
        };
        let sides = self.numbers(left, right, &operator.to_string())?;
        Some(Test::Compared(how, Box::new(sides)))
    }

    /// `==` and `!=`, between two numbers or two conditions.
    fn equality(
        &mut self,
        node: &Node<'_>,
        left: &Node<'_>,
        operator: ComparisonOperator,
        right: &Node<'_>,
    ) -> Option<Test> {
        let is_equal = operator == ComparisonOperator::Equal;
        match (self.typed(left), self.typed(right)) {
            (Some(Typed::Number(left)), Some(Typed::Number(right))) => {
                let how = if is_equal {
                    Comparison::Equal
                } else {
                    Comparison::NotEqual
                };
                Some(Test::Compared(how, Box::new((left, right))))
            }
            (Some(Typed::Test(left)), Some(Typed::Test(right))) => {
                let same = Test::Same(Box::new((left, right)));
                Some(if is_equal {
                    same
                } else {
                    Test::Not(Box::new(same))
                })
            }
            (Some(one), Some(other)) => {
                let message = format!(
                    "`{operator}` compares two of one kind: {} is {}, {} is {}",
                    self.shown(left),
                    one.words(),
                    self.shown(right),
                    other.words(),
                );
                self.wrong(node, message, None)
            }
            _ => None,
        }
    }

    fn chosen(
        &mut self,
        condition: &Node<'_>,
        on_true: &Node<'_>,
        on_false: &Node<'_>,
    ) -> Option<Typed> {
        let help = "compare it with something: `equity > 0 ? ... : ...`";
        let test = self.test(condition, "?", help);
        match (self.typed(on_true), self.typed(on_false)) {
            (Some(Typed::Number(yes)), Some(Typed::Number(no))) => {
                Some(Typed::Number(Number::Chosen(Box::new((test?, yes, no)))))
            }
            (Some(Typed::Test(yes)), Some(Typed::Test(no))) => {
                Some(Typed::Test(Test::Chosen(Box::new((test?, yes, no)))))
            }
            (Some(yes), Some(no)) => {
                let message = format!(
                    "both sides of `:` must be of one kind: {} is {}, {} is {}",
                    self.shown(on_true),
                    yes.words(),
                    self.shown(on_false),
                    no.words(),
                );
                self.wrong(on_false, message, None)
            }
            _ => None,
        }
    }

    fn call(
        &mut self,
        node: &Node<'_>,
        kind: &FunctionKind,
        arguments: &[&Node<'_>],
    ) -> Option<Number> {
        let Some(function) = Function::of(kind) else {
            return self.refuse(node);
        };
        let counted = match function {
            Function::Min | Function::Max => arguments.len() >= 2,
            Function::Round => matches!(arguments.len(), 1 | 2),
            Function::Abs | Function::Floor | Function::Ceil => arguments.len() == 1,
        };
        if !counted {
            let message = format!("wrong number of values for `{}`", function.name());
            let help = format!("write `{}`", function.usage());
            return self.wrong(node, message, Some(&help));
        }
        if function == Function::Round
            && let [number, places] = arguments
        {
            let number = self.number(number, "round");
            let places = self.places(places);
            return Some(Number::Rounded(Box::new(number?), places?));
        }
        let numbers: Vec<Option<Number>> = arguments
            .iter()
            .map(|argument| self.number(argument, function.name()))
            .collect();
        let mut numbers = numbers.into_iter().collect::<Option<Vec<Number>>>()?;
        match function {
            Function::Min => Some(Number::Least(numbers)),
            Function::Max => Some(Number::Greatest(numbers)),
            Function::Abs => numbers.pop().map(Box::new).map(Number::Absolute),
            Function::Floor => numbers.pop().map(Box::new).map(Number::Floor),
            Function::Ceil => numbers.pop().map(Box::new).map(Number::Ceiling),
            Function::Round => {
                let number = numbers.pop().map(Box::new)?;
                Some(Number::Rounded(number, 0))
            }
        }
    }

    /// How many decimal places to keep: a plain whole number.
    fn places(&mut self, node: &Node<'_>) -> Option<u32> {
        let places = match node {
            Node::Number(number) if number.is_integer() => u32::try_from(*number).ok(),
            _ => None,
        };
        let fits = places.filter(|places| *places <= MAX_PLACES);
        if fits.is_none() {
            let shown = self.shown(node);
            let message =
                format!("{shown} is not a number of decimal places from 0 to {MAX_PLACES}");
            return self.wrong(node, message, None);
        }
        fits
    }
}

fn is_comparison(node: &Node<'_>) -> bool {
    matches!(
        node,
        Node::Binary {
            operator: Operator::Comparison(_),
            ..
        }
    )
}

const fn arithmetic(operator: ArithmeticOperator) -> Option<Arithmetic> {
    match operator {
        ArithmeticOperator::Add => Some(Arithmetic::Add),
        ArithmeticOperator::Subtract => Some(Arithmetic::Subtract),
        ArithmeticOperator::Multiply => Some(Arithmetic::Multiply),
        ArithmeticOperator::Divide => Some(Arithmetic::Divide),
        ArithmeticOperator::Modulus => Some(Arithmetic::Remainder),
        ArithmeticOperator::Power => None,
    }
}
