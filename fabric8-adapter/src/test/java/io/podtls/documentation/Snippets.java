package io.podtls.documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The fenced blocks of a page. */
final class Snippets {

  private static final Path ROOT = Path.of(System.getProperty("podtls.root", ".."));

  private Snippets() {}

  /** Every Markdown page of the checkout, without what builds leave behind. */
  static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !ROOT.relativize(file).toString().matches("(.*/)?(target|\\.git)/.*"))
          .toList();
    }
  }

  /** The pages in a folder and below, relative to the root of the checkout. */
  static List<String> pagesIn(String folder) throws IOException {
    return pages().stream()
        .map(page -> ROOT.relativize(page).toString().replace('\\', '/'))
        .filter(page -> page.startsWith(folder + "/"))
        .sorted()
        .toList();
  }

  /** The lines of a page, relative to the root of the checkout. */
  static List<String> linesOf(String page) {
    return text(page).lines().toList();
  }

  /** The headings of a page, as GitHub names them in links. */
  static Set<String> headingsOf(Path page) throws IOException {
    return Files.readAllLines(page).stream()
        .filter(line -> line.matches("#+ .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  private static String text(String page) {
    try {
      return Files.readString(ROOT.resolve(page));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The blocks of one language, in the page's order.
   *
   * @param page relative to the root of the checkout
   * @param language as it stands behind the opening fence
   */
  static List<String> of(String page, String language) {
    Matcher fence =
        Pattern.compile("(?ms)^```" + Pattern.quote(language) + "\\R(.*?)^```").matcher(text(page));
    List<String> blocks = new ArrayList<>();
    while (fence.find()) {
      blocks.add(fence.group(1));
    }
    return blocks;
  }
}
