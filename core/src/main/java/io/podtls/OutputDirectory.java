package io.podtls;

import io.podtls.files.VolumeWriter;
import io.podtls.files.VolumeWriter.Content;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A directory that holds the latest of something as a set of files. Where it cannot be written,
 * that is logged and tried again; nothing else suffers from it.
 *
 * <p><b>Thread safety:</b> not safe; called by the agenda's tasks only, so by one thread at a time.
 */
final class OutputDirectory {

  private static final Logger LOG = System.getLogger(PodTls.class.getName());
  private static final Duration NEXT_TRY = Duration.ofMinutes(1);

  private final Path directory;
  private final VolumeWriter writer;
  private final Agenda agenda;
  private Agenda.@Nullable Entry again;

  OutputDirectory(Path directory, Agenda agenda) {
    this.directory = directory;
    this.writer = VolumeWriter.in(directory);
    this.agenda = agenda;
  }

  /** Writes this set, now or as soon as it can be; a set shown later takes its place. */
  void show(Map<String, Content> set) {
    if (again != null) {
      again.cancel();
    }
    try {
      writer.write(set);
    } catch (IOException e) {
      again = agenda.after(NEXT_TRY, () -> show(set));
      LOG.log(
          Level.WARNING,
          () -> directory + " cannot be written, next try in " + NEXT_TRY.toSeconds() + " s",
          e);
    }
  }
}
