package io.podtls.fabric8.approval;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A queue in which namespaces take turns, in each of them its service accounts, and of these the
 * pods. How much one of them adds delays itself alone.
 *
 * <p>Thread safety: used under its owner's lock.
 */
final class FairQueue<E> {

  private final Level<E> root = new Level<>();

  /** Adds an element, once, behind those of the same sender. */
  void add(Sender sender, E element) {
    Level<E> level = root;
    for (String name : sender.path()) {
      level = level.below.computeIfAbsent(name, absent -> new Level<>());
    }
    level.elements.add(element);
  }

  /** Removes an element, if it is there. */
  void remove(Sender sender, E element) {
    remove(root, sender.path(), element);
  }

  /** Removes the element whose turn it is. */
  Optional<E> poll() {
    return root.isEmpty() ? Optional.empty() : Optional.of(root.next());
  }

  boolean isEmpty() {
    return root.isEmpty();
  }

  void clear() {
    root.below.clear();
  }

  private static <E> void remove(Level<E> level, List<String> path, E element) {
    if (path.isEmpty()) {
      level.elements.remove(element);
      return;
    }
    Level<E> below = level.below.get(path.get(0));
    if (below != null) {
      remove(below, path.subList(1, path.size()), element);
      if (below.isEmpty()) {
        level.below.remove(path.get(0));
      }
    }
  }

  /** A namespace, a service account or a pod; empty ones are not kept. */
  private static final class Level<E> {
    private final Map<String, Level<E>> below = new LinkedHashMap<>();
    private final Set<E> elements = new LinkedHashSet<>();

    boolean isEmpty() {
      return below.isEmpty() && elements.isEmpty();
    }

    E next() {
      if (below.isEmpty()) {
        return removeFirst(elements.iterator());
      }
      Map.Entry<String, Level<E>> first = below.entrySet().iterator().next();
      String name = first.getKey();
      Level<E> level = first.getValue();
      E element = level.next();
      below.remove(name);
      if (!level.isEmpty()) {
        below.put(name, level); // behind the others
      }
      return element;
    }

    private static <E> E removeFirst(Iterator<E> elements) {
      E first = elements.next();
      elements.remove();
      return first;
    }
  }
}
