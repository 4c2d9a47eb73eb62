package io.podtls.fabric8;

import io.podtls.fabric8.approval.Pkcs10Content;
import io.podtls.failure.InvalidMaterialException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The three things a requester does with CertificateSigningRequests.
 *
 * <p>Thread safety: implementations are safe for use by many threads.
 */
interface CsrApi extends AutoCloseable {

  /**
   * What a request consists of, all of it derived from the key and what is asked for it, so that
   * sending it again changes nothing.
   *
   * @param name metadata.name
   * @param signerName spec.signerName
   * @param usages spec.usages, sorted
   * @param expirationSeconds spec.expirationSeconds, null to leave it to the signer
   * @param request spec.request: base64 of the PEM text
   */
  record Draft(
      String name,
      String signerName,
      List<String> usages,
      @Nullable Integer expirationSeconds,
      String request) {

    /** Whether an object of that name is this very request, sent earlier: key, names and all. */
    boolean describes(Csr csr) {
      return csr.signerName().equals(signerName)
          && csr.usages().size() == usages.size()
          && csr.usages().containsAll(usages)
          && hasSameContent(csr);
    }

    private boolean hasSameContent(Csr csr) {
      try {
        return csr.request().equals(request)
            || Pkcs10Content.ofSpecRequest(csr.object(), csr.request())
                .equals(Pkcs10Content.ofSpecRequest("own request", request));
      } catch (InvalidMaterialException e) {
        return false;
      }
    }
  }

  /** What a watch reports. */
  sealed interface Event {
    /** The object is there and looks like this. */
    record Changed(Csr csr) implements Event {}

    /** The object is gone. */
    record Deleted(String uid) implements Event {}

    /** Nothing happened up to this resourceVersion. */
    record Bookmark(String resourceVersion) implements Event {}

    /**
     * The watch is over.
     *
     * @param cause null if the API server ended it in good order
     */
    record Ended(@Nullable ApiException cause) implements Event {}
  }

  /** Gets ready for the first request; sends nothing. */
  default void prepare() {}

  /** Submits the request. */
  Csr create(Draft draft) throws ApiException, InterruptedException;

  /** Reads the object of that name. */
  Csr get(String name) throws ApiException, InterruptedException;

  /**
   * Starts to watch the object of that name, and returns at once.
   *
   * @param name the object
   * @param resourceVersion the version after which to report changes, or null to report the object
   *     as it is first
   * @param seconds how long the API server shall keep the watch
   * @param events receives what happens, on another thread
   */
  AutoCloseable watch(
      String name, @Nullable String resourceVersion, int seconds, Consumer<Event> events);

  /** Sends further requests over a new connection, if that is ours to decide. */
  void reconnect();

  @Override
  void close();
}
