//! Queues as plain vectors: they are short, or emptied as soon as they are filled, and a `VecDeque` for each kind of item
//! made the browser's module 1.4 KB larger.

use alloc::vec::Vec;

/// Take the first item; the others move up.
pub(crate) fn pop_first<T>(queue: &mut Vec<T>) -> Option<T> {
    (!queue.is_empty()).then(|| queue.remove(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn items_come_in_their_order() {
        let mut queue = vec![1, 2];
        assert_eq!(pop_first(&mut queue), Some(1));
        queue.push(3);
        assert_eq!(pop_first(&mut queue), Some(2));
        assert_eq!(pop_first(&mut queue), Some(3));
        assert_eq!(pop_first(&mut queue), None);
    }
}
