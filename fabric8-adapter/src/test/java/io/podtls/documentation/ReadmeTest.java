package io.podtls.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {

  private static final String IMPORTS =
      """
      import com.sun.net.httpserver.*;
      import io.fabric8.kubernetes.client.*;
      import io.podtls.*;
      import io.podtls.fabric8.*;
      import io.podtls.fabric8.approval.*;
      import io.podtls.failure.*;
      import io.podtls.identity.*;
      import io.podtls.renewal.*;
      import io.podtls.request.*;
      import io.podtls.signing.*;
      import io.podtls.trust.*;
      import java.net.*;
      import java.net.http.*;
      import java.nio.file.*;
      import java.time.*;
      import java.util.*;
      import javax.net.ssl.*;
      """;

  /** The path of a link that is neither an address nor a place in the same page. */
  private static final Pattern LINK = Pattern.compile("]\\((?![a-z]+:|#)([^)#\\s]+)");

  @TempDir Path directory;

  @Test
  @DisplayName("every Java snippet of the README compiles")
  void snippetsCompile() {
    List<String> snippets = Snippets.of("README.md", "java");
    assertThat(snippets).isNotEmpty();
    for (String snippet : snippets) {
      assertThat(errorsOf(snippet)).as(snippet).isEmpty();
    }
  }

  @Test
  @DisplayName("every relative link of every page leads to something that is there")
  void linksLeadSomewhere() throws Exception {
    List<String> broken = new ArrayList<>();
    List<Path> pages = Snippets.pages();
    assertThat(pages).hasSizeGreaterThan(5);
    for (Path page : pages) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        if (!Files.exists(page.resolveSibling(link.group(1)))) {
          broken.add(page.getFileName() + " -> " + link.group(1));
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private List<String> errorsOf(String snippet) {
    String source =
        IMPORTS
            + "class Snippet {\n  void run(KubernetesClient client) throws Exception {\n"
            + snippet
            + "\n  }\n}\n";
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    compiler
        .getTask(
            null,
            null,
            diagnostics,
            List.of(
                "-d",
                directory.toString(),
                "-proc:none",
                "-classpath",
                System.getProperty("java.class.path")),
            null,
            List.of(new Source(source)))
        .call();
    return diagnostics.getDiagnostics().stream()
        .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
        .map(each -> each.getLineNumber() + ": " + each.getMessage(null))
        .collect(Collectors.toList());
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Snippet.java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
