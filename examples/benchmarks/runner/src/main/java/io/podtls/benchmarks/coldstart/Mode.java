package io.podtls.benchmarks.coldstart;

import java.nio.file.Path;
import java.util.List;

/** With or without what a JVM can keep of an earlier run. */
enum Mode {
  /** Nothing but the JDK's own archive of its classes. */
  PLAIN {
    @Override
    List<String> toMake(Jdk jdk, Path archive) {
      return List.of();
    }

    @Override
    List<String> toUse(Jdk jdk, Path archive) {
      return List.of();
    }

    @Override
    String describe(Jdk jdk) {
      return "plain";
    }
  },

  /** An archive of the application's classes; from JDK 25 on an AOT cache (JEP 483, 514, 515). */
  ARCHIVE {
    @Override
    List<String> toMake(Jdk jdk, Path archive) {
      return List.of((ahead(jdk) ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + archive);
    }

    @Override
    List<String> toUse(Jdk jdk, Path archive) {
      return List.of((ahead(jdk) ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive);
    }

    @Override
    String describe(Jdk jdk) {
      return ahead(jdk) ? "AOT cache" : "class-data archive";
    }
  };

  /** Arguments of the run that makes the archive. */
  abstract List<String> toMake(Jdk jdk, Path archive);

  /** Arguments of the runs that are measured. */
  abstract List<String> toUse(Jdk jdk, Path archive);

  abstract String describe(Jdk jdk);

  private static boolean ahead(Jdk jdk) {
    return jdk.feature() >= 25;
  }
}
