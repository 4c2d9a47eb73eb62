package io.podtls.supply;

import io.podtls.files.VolumeWriter;
import io.podtls.files.VolumeWriter.Content;
import io.podtls.schedule.TaskQueue;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A directory that holds the latest of something as a set of files. Where it cannot be written,
 * that is logged and tried again; nothing else suffers from it.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public final class OutputDirectory {

  private static final Logger LOG = System.getLogger("io.podtls");
  private static final Duration NEXT_TRY = Duration.ofMinutes(1);

  private final Path directory;
  private final VolumeWriter writer;
  private final TaskQueue queue;
  private TaskQueue.@Nullable Entry again;

  public OutputDirectory(Path directory, TaskQueue queue) {
    this.directory = directory;
    this.writer = VolumeWriter.in(directory);
    this.queue = queue;
  }

  /** Refuses a set that another user wrote, or could have written. */
  void requireOwnSet() throws IOException {
    if (!writer.holdsOwnSet()) {
      throw new FileSystemException(
          directory.toString(),
          null,
          "what it holds was not written by this process's user, or others could have changed it");
    }
  }

  /** Writes this set, now or as soon as it can be; a set shown later takes its place. */
  public void show(Map<String, Content> set) {
    if (again != null) {
      again.cancel();
    }
    try {
      writer.write(set);
    } catch (IOException e) {
      again = queue.after(NEXT_TRY, () -> show(set));
      LOG.log(
          Level.WARNING,
          () -> directory + " cannot be written, next try in " + NEXT_TRY.toSeconds() + " s",
          e);
    }
  }
}
