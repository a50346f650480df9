//! Steps 1 to 3 of REFERENCES (RFC 5256 section 3): who answers whom, and what is left when messages that are
//! missing are taken out.
//!
//! The RFC goes through the messages once and undoes links on the way. Here each message first gets the parent
//! that it names itself, and then the chains in `References` fill in what is left, from the same messages in
//! the same order. The outcome differs only where messages contradict each other in a circle.

use std::collections::HashMap;

use super::{Fact, Top};

/// The messages, by their index among the facts, and behind them those that are only referred to.
pub(super) struct Links {
    parents: Vec<Option<usize>>,
    /// Some node further up; the root of a tree is its own. Shortened as it is walked.
    shortcuts: Vec<usize>,
}

impl Links {
    fn add_node(&mut self) -> usize {
        let node = self.parents.len();
        self.parents.push(None);
        self.shortcuts.push(node);
        node
    }

    fn parent(&self, node: usize) -> Option<usize> {
        self.parents.get(node).copied().flatten()
    }

    fn root(&mut self, mut node: usize) -> usize {
        while let Some(&up) = self.shortcuts.get(node)
            && up != node
        {
            let further = self.shortcuts.get(up).copied().unwrap_or(up);
            if let Some(shortcut) = self.shortcuts.get_mut(node) {
                *shortcut = further;
            }
            node = further;
        }
        node
    }

    /// Makes `child` an answer to `parent`, unless it has a parent or that would be a circle.
    fn link(&mut self, parent: usize, child: usize) {
        if self.parent(child).is_some() || self.root(parent) == child {
            return;
        }
        if let (Some(slot), Some(shortcut)) = (self.parents.get_mut(child), self.shortcuts.get_mut(child)) {
            *slot = Some(parent);
            *shortcut = parent;
        }
    }
}

/// Step 1.
fn linked<'a>(facts: &'a [Fact]) -> (Links, HashMap<&'a str, usize>) {
    let mut links = Links {
        parents: Vec::new(),
        shortcuts: Vec::new(),
    };
    let mut ids: HashMap<&'a str, usize> = HashMap::new();
    for fact in facts {
        let node = links.add_node();
        if let Some(id) = &fact.message_id {
            // Of several messages with one id, the first has it.
            ids.entry(id).or_insert(node);
        }
    }
    let mut chains: Vec<Vec<usize>> = Vec::with_capacity(facts.len());
    for fact in facts {
        let mut node_of = |id: &'a String| *ids.entry(id).or_insert_with(|| links.add_node());
        chains.push(fact.ancestors.iter().map(&mut node_of).collect());
    }
    // 1.B
    for (node, chain) in chains.iter().enumerate() {
        if let Some(&parent) = chain.last() {
            links.link(parent, node);
        }
    }
    // 1.A
    for (node, chain) in chains.iter().enumerate() {
        for pair in chain.windows(2) {
            if let [parent, child] = *pair
                && may_be_given_a_parent(child, node, &chains)
            {
                links.link(parent, child);
            }
        }
    }
    (links, ids)
}

/// May what the message `by` refers to tell whom `node` answers? A message that names its own parent decides
/// that itself, and one that names none has lost what was said of it before its turn came.
fn may_be_given_a_parent(node: usize, by: usize, chains: &[Vec<usize>]) -> bool {
    match chains.get(node) {
        Some(own) => own.is_empty() && node < by,
        None => true,
    }
}

/// Steps 1 to 3: the answers to each message, and where threads begin.
pub(super) fn pruned(facts: &[Fact]) -> (Vec<Vec<usize>>, Vec<Top>) {
    let (links, _) = linked(facts);
    let places = places(&links, facts.len());
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); facts.len()];
    let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut tops = Vec::new();
    for message in 0..facts.len() {
        match links.parent(message).and_then(|parent| places.get(parent)) {
            None => tops.push(Top::Message(message)),
            Some(Place::Message(parent)) => {
                if let Some(answers) = children.get_mut(*parent) {
                    answers.push(message);
                }
            }
            Some(Place::Missing(root)) => groups.entry(*root).or_default().push(message),
        }
    }
    // One child takes the place of the message that is missing.
    tops.extend(groups.into_values().map(|siblings| match siblings[..] {
        [only] => Top::Message(only),
        _ => Top::Missing(siblings),
    }));
    (children, tops)
}

/// To what the children of a node come when missing messages are taken out.
#[derive(Clone, Copy)]
enum Place {
    /// To this message.
    Message(usize),
    /// To the missing message at the top.
    Missing(usize),
}

fn places(links: &Links, messages: usize) -> Vec<Place> {
    let mut places: Vec<Option<Place>> = (0..links.parents.len())
        .map(|node| (node < messages).then_some(Place::Message(node)))
        .collect();
    for start in messages..links.parents.len() {
        let mut path = Vec::new();
        let mut node = start;
        let place = loop {
            if let Some(Some(known)) = places.get(node) {
                break *known;
            }
            path.push(node);
            match links.parent(node) {
                Some(parent) => node = parent,
                None => break Place::Missing(node),
            }
        };
        for node in path {
            if let Some(slot) = places.get_mut(node) {
                *slot = Some(place);
            }
        }
    }
    places
        .into_iter()
        .enumerate()
        .map(|(node, place)| place.unwrap_or(Place::Missing(node)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use posthorn_base::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn fact(id: String, ancestors: Vec<String>) -> Fact {
        Fact {
            uid: 1,
            sent_at: Timestamp::from_secs(0),
            message_id: Some(id),
            ancestors,
            subject: Box::default(),
            is_reply: false,
        }
    }

    /// Step 1 word by word, slowly.
    fn word_by_word(facts: &[Fact]) -> BTreeMap<String, String> {
        let mut parents: BTreeMap<String, String> = BTreeMap::new();
        let is_circle = |parents: &BTreeMap<String, String>, parent: &String, child: &String| {
            let mut at = Some(parent);
            while let Some(id) = at {
                if id == child {
                    return true;
                }
                at = parents.get(id);
            }
            false
        };
        for fact in facts {
            for pair in fact.ancestors.windows(2) {
                if !parents.contains_key(&pair[1]) && !is_circle(&parents, &pair[0], &pair[1]) {
                    parents.insert(pair[1].clone(), pair[0].clone());
                }
            }
            let own = fact.message_id.clone().unwrap();
            parents.remove(&own);
            if let Some(parent) = fact.ancestors.last()
                && !is_circle(&parents, parent, &own)
            {
                parents.insert(own, parent.clone());
            }
        }
        parents
    }

    fn by_id(facts: &[Fact]) -> BTreeMap<String, String> {
        let (links, ids) = linked(facts);
        let names: BTreeMap<usize, &str> = ids.iter().map(|(id, node)| (*node, *id)).collect();
        let pairs = names.iter().filter_map(|(node, id)| {
            let parent = links.parent(*node)?;
            Some(((*id).to_owned(), names[&parent].to_owned()))
        });
        pairs.collect()
    }

    /// Messages of a true conversation, in any order, some missing, and with what their programs cut from
    /// their references.
    fn conversations() -> impl Strategy<Value = Vec<Fact>> {
        let message = (any::<prop::sample::Index>(), 0..4_usize, 0..6_u32, any::<u32>());
        prop::collection::vec(message, 1..30).prop_map(|messages| {
            let mut lines: Vec<Vec<String>> = Vec::new();
            let mut facts = Vec::new();
            for (number, (parent, kept, fate, place)) in messages.into_iter().enumerate() {
                let mut line = match (number, fate) {
                    (0, _) | (_, 0) => Vec::new(),
                    _ => lines[parent.index(number)].clone(),
                };
                let ancestors = line[line.len().saturating_sub(kept)..].to_vec();
                line.push(number.to_string());
                lines.push(line);
                if fate != 1 {
                    facts.push((place, fact(number.to_string(), ancestors)));
                }
            }
            facts.sort_by_key(|(place, _)| *place);
            facts.into_iter().map(|(_, fact)| fact).collect()
        })
    }

    proptest! {
        #[test]
        fn the_links_are_those_of_the_rfc(facts in conversations()) {
            prop_assert_eq!(by_id(&facts), word_by_word(&facts));
        }
    }

    #[test]
    fn whoever_is_in_a_circle_keeps_the_link_made_first() {
        let id = |id: &str| id.to_owned();
        let facts = [
            fact(id("a"), vec![id("b")]),
            fact(id("b"), vec![id("a")]),
            fact(id("c"), vec![id("c")]),
        ];
        let expected = BTreeMap::from([(id("a"), id("b"))]);
        assert_eq!(by_id(&facts), expected);
        assert_eq!(word_by_word(&facts), expected);
    }
}
