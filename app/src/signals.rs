//! What pages and components read and write reactively: leptos' graph, with the values beside it.
//!
//! leptos compiles its signals, memos and effects anew for every type of value and every closure; that was a tenth of what
//! a room downloads. Here all nodes of the graph are of one type, and a few lines a type put values in and take them out.
//! Names and behaviour are those of leptos, so that components read as everywhere. A file that uses one of the names
//! imports it from here: what comes by `leptos::prelude` is the large one (`tests/it/tidy` looks).

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use leptos::prelude::{GetUntracked, Notify, Track, untrack};
use leptos::reactive::computed::ArcMemo;
use leptos::reactive::owner::ArenaItem;
use leptos::reactive::signal::ArcTrigger;

/// One node of the graph, and what it stands for: a [`Value`] of the handle's type.
struct Node {
    graph: Graph,
    value: Arc<dyn Any + Send + Sync>,
}

enum Graph {
    /// Readers depend on what the function reads.
    Derived,
    /// Somebody writes, and says so.
    Written(ArcTrigger),
    /// Brings its value up to date when it is asked.
    Computed(ArcMemo<()>),
}

enum Value<T> {
    /// `None` before a memo has run for the first time.
    Kept(RwLock<Option<T>>),
    Derived(Box<dyn Fn() -> T + Send + Sync>),
}

impl Node {
    /// Makes whoever runs now a reader, if it wants to be one, and the value new.
    fn begin_read(&self, tracked: bool) {
        match &self.graph {
            Graph::Derived => {}
            Graph::Written(trigger) => {
                if tracked {
                    trigger.track();
                }
            }
            Graph::Computed(memo) => {
                if tracked {
                    memo.track();
                }
                memo.get_untracked();
            }
        }
    }

    fn notify(&self) {
        if let Graph::Written(trigger) = &self.graph {
            trigger.notify();
        }
    }
}

fn written(value: Arc<dyn Any + Send + Sync>) -> Arc<Node> {
    Arc::new(Node { graph: Graph::Written(ArcTrigger::new()), value })
}

/// `compute` says whether it has put another value in its place.
fn computed(value: Arc<dyn Any + Send + Sync>, compute: Box<dyn Fn() -> bool + Send + Sync>) -> Arc<Node> {
    Arc::new(Node { graph: Graph::Computed(ArcMemo::new_owning(move |_| ((), compute()))), value })
}

fn unseen(run: &mut dyn FnMut()) {
    untrack(run);
}

/// Shows the value; false where the node holds none.
fn visit<T: 'static>(node: &Node, tracked: bool, show: &mut dyn FnMut(&T)) -> bool {
    node.begin_read(tracked);
    match node.value.downcast_ref::<Value<T>>() {
        Some(Value::Kept(kept)) => {
            let kept = kept.read().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().map(show).is_some()
        }
        Some(Value::Derived(derive)) if tracked => {
            show(&derive());
            true
        }
        Some(Value::Derived(derive)) => {
            unseen(&mut || show(&derive()));
            true
        }
        None => false,
    }
}

/// Lets the value be changed and says so to its readers; false where the node holds none that is written.
fn change<T: 'static>(node: &Node, change: &mut dyn FnMut(&mut T)) -> bool {
    let Some(Value::Kept(kept)) = node.value.downcast_ref::<Value<T>>() else {
        return false;
    };
    let changed = kept.write().unwrap_or_else(PoisonError::into_inner).as_mut().map(change).is_some();
    node.notify();
    changed
}

/// A value to read. Copyable, and there as long as the component that made it.
pub(crate) struct Signal<T> {
    node: ArenaItem<Arc<Node>>,
    value: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Signal<T> {
    fn of(node: Arc<Node>) -> Self {
        Self { node: ArenaItem::new(node), value: PhantomData }
    }

    /// What a function of other signals gives, asked anew at every reading.
    pub(crate) fn derive(derive: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::of(Arc::new(Node { graph: Graph::Derived, value: Arc::new(Value::Derived(Box::new(derive))) }))
    }

    fn try_read<U>(self, tracked: bool, read: impl FnOnce(&T) -> U) -> Option<U> {
        let node = self.node.try_get_value()?;
        let (mut read, mut answer) = (Some(read), None);
        visit(&node, tracked, &mut |value: &T| answer = read.take().map(|read| read(value)));
        answer
    }

    /// Reads it where it lies; whoever runs now runs anew when it changes.
    pub(crate) fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.try_read(true, read).expect("a signal outlives those who read it")
    }

    /// Reads it once, where it lies.
    pub(crate) fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.try_read(false, read).expect("a signal outlives those who read it")
    }

    /// A copy; whoever runs now runs anew when it changes.
    pub(crate) fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy, once.
    pub(crate) fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// The same; `None` when its component is gone.
    pub(crate) fn try_get_untracked(self) -> Option<T>
    where
        T: Clone,
    {
        self.try_read(false, T::clone)
    }
}

/// A value to read and write. Copyable, and there as long as the component that made it.
pub(crate) struct RwSignal<T>(Signal<T>);

impl<T: Send + Sync + 'static> RwSignal<T> {
    pub(crate) fn new(value: T) -> Self {
        ArcRwSignal::new(value).into_signal()
    }

    /// Changes it in place, also where nothing was changed; `None` when its component is gone.
    pub(crate) fn try_update<U>(self, update: impl FnOnce(&mut T) -> U) -> Option<U> {
        let node = self.0.node.try_get_value()?;
        let (mut update, mut answer) = (Some(update), None);
        change(&node, &mut |value: &mut T| answer = update.take().map(|update| update(value)));
        answer
    }

    /// Changes it in place.
    pub(crate) fn update(self, update: impl FnOnce(&mut T)) {
        self.try_update(update);
    }

    /// Puts another value in its place; nothing happens when its component is gone.
    pub(crate) fn set(self, value: T) {
        self.try_update(|before| *before = value);
    }

    /// Puts `value` in its place where that says something new; nothing happens when its component is gone.
    #[cfg(any(feature = "hydrate", test))]
    pub(crate) fn put(self, value: T)
    where
        T: PartialEq,
    {
        if self.try_read(false, |before| *before != value) == Some(true) {
            self.set(value);
        }
    }
}

/// The same, there as long as somebody holds it.
pub(crate) struct ArcRwSignal<T> {
    node: Arc<Node>,
    value: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> ArcRwSignal<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { node: written(Arc::new(Value::Kept(RwLock::new(Some(value))))), value: PhantomData }
    }

    fn into_signal(self) -> RwSignal<T> {
        RwSignal(Signal::of(self.node))
    }

    /// Puts another value in its place.
    #[cfg(any(feature = "hydrate", test))]
    pub(crate) fn set(&self, value: T) {
        let mut value = Some(value);
        change(&self.node, &mut |before: &mut T| {
            if let Some(value) = value.take() {
                *before = value;
            }
        });
    }

    /// The same where that says something new.
    #[cfg(any(feature = "hydrate", test))]
    pub(crate) fn put(&self, value: T)
    where
        T: PartialEq,
    {
        let mut is_new = false;
        visit(&self.node, false, &mut |before: &T| is_new = *before != value);
        if is_new {
            self.set(value);
        }
    }
}

/// What a function of other signals gives, kept until one of them changes. Its readers hear of other values only.
pub(crate) struct Memo<T>(Signal<T>);

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// `compute` is told its last value.
    pub(crate) fn new(compute: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let value = Arc::new(Value::Kept(RwLock::new(None)));
        let own = Arc::clone(&value);
        let renew = move || {
            let Value::Kept(kept) = &*own else { return false };
            let new = {
                let before = kept.read().unwrap_or_else(PoisonError::into_inner);
                let new = compute(before.as_ref());
                (before.as_ref() != Some(&new)).then_some(new)
            };
            let is_new = new.is_some();
            if is_new {
                *kept.write().unwrap_or_else(PoisonError::into_inner) = new;
            }
            is_new
        };
        Self(Signal::of(computed(value, Box::new(renew))))
    }
}

impl<T> Deref for RwSignal<T> {
    type Target = Signal<T>;

    fn deref(&self) -> &Signal<T> {
        &self.0
    }
}

impl<T> Deref for Memo<T> {
    type Target = Signal<T>;

    fn deref(&self) -> &Signal<T> {
        &self.0
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        signal.0
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        memo.0
    }
}

impl<T: Send + Sync + 'static> From<ArcRwSignal<T>> for Signal<T> {
    fn from(signal: ArcRwSignal<T>) -> Self {
        signal.into_signal().0
    }
}

impl<T: Default + Send + Sync + 'static> Default for Signal<T> {
    fn default() -> Self {
        Self::derive(T::default)
    }
}

/// Copying and comparing handles says nothing of their values; neither is printed.
macro_rules! handle {
    ($($name:ident),*) => {
        $(
            impl<T> Clone for $name<T> {
                fn clone(&self) -> Self {
                    *self
                }
            }

            impl<T> Copy for $name<T> {}

            impl<T> fmt::Debug for $name<T> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(concat!(stringify!($name), "(…)"))
                }
            }
        )*
    };
}

handle!(Signal, RwSignal, Memo);

impl<T> fmt::Debug for ArcRwSignal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArcRwSignal(…)")
    }
}

impl<T> PartialEq for Signal<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T> PartialEq for RwSignal<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Signal<T> {}

impl<T> Eq for RwSignal<T> {}

impl<T> Clone for ArcRwSignal<T> {
    fn clone(&self) -> Self {
        Self { node: Arc::clone(&self.node), value: PhantomData }
    }
}

/// What is done in the browser when the page stands, and again when something that it reads has changed. Ends with its
/// component; never runs on the server.
#[derive(Debug)]
pub(crate) struct Effect;

impl Effect {
    pub(crate) fn new(run: impl FnMut() + 'static) -> Self {
        begin(Box::new(run));
        Self
    }

    /// One that is told what it gave the last time.
    pub(crate) fn folding<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) -> Self {
        let mut last = None;
        Self::new(move || last = Some(run(last.take())))
    }
}

fn begin(run: Box<dyn FnMut()>) {
    leptos::prelude::Effect::new(run);
}

/// An attribute's value that changes. One type for all closures: a program holds the code that keeps it new once.
pub(crate) type Live<T> = Box<dyn Fn() -> T + Send + Sync>;

/// The value of an attribute, or whether there is one or a class, as a function of signals.
pub(crate) fn live<T>(value: impl Fn() -> T + Send + Sync + 'static) -> Live<T> {
    Box::new(value)
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::{ArcRwSignal, Memo, RwSignal, Signal};

    #[test]
    fn what_is_written_is_read_wherever_it_is_read_from() {
        let owner = Owner::new();
        owner.set();
        let written = RwSignal::new(1);
        let derived = Signal::derive(move || written.get() * 10);
        assert_eq!((written.get(), derived.get(), derived.get_untracked()), (1, 10, 10));
        written.set(2);
        written.update(|value| *value += 1);
        assert_eq!(Signal::from(written).get(), 3);
        assert_eq!(derived.with(|value| *value), 30);
        let held = ArcRwSignal::new("a");
        let read = Signal::from(held.clone());
        held.put("b");
        assert_eq!(read.get(), "b");
    }

    #[test]
    fn a_memo_runs_when_something_changed_and_tells_of_other_values_only() {
        let owner = Owner::new();
        owner.set();
        let runs = RwSignal::new((0, 0));
        let number = RwSignal::new(1);
        let half = Memo::new(move |before: Option<&i32>| {
            runs.update(|runs| runs.0 += 1);
            assert!(before.is_none_or(|before| *before < 5), "it is told its last value");
            number.get() / 2
        });
        let told = Memo::new(move |_| {
            runs.update(|runs| runs.1 += 1);
            half.get()
        });
        assert_eq!(runs.get_untracked(), (0, 0), "nothing runs before it is asked");
        assert_eq!((told.get(), told.get()), (0, 0));
        assert_eq!(runs.get_untracked(), (1, 1));
        number.set(2);
        number.set(3);
        assert_eq!((told.get(), half.get()), (1, 1));
        assert_eq!(runs.get_untracked(), (2, 2));
        number.set(2);
        assert_eq!(told.get(), 1);
        assert_eq!(runs.get_untracked(), (3, 2), "the same half again");
    }

    #[test]
    fn what_is_gone_takes_nothing_and_gives_nothing() {
        let owner = Owner::new();
        owner.set();
        let signal = RwSignal::new(1);
        owner.cleanup();
        signal.set(2);
        signal.put(2);
        assert_eq!((signal.try_get_untracked(), signal.try_update(|_| ())), (None, None));
    }
}
