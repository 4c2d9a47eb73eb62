/**
 * A server that gets a certificate through {@code certificates.k8s.io}, serves HTTPS with it, and
 * connects to itself as a client that trusts the CA and nothing else. {@link
 * io.podtls.examples.httpsserver.Main} has the lines that an application needs; the rest finds a
 * cluster and prints.
 */
@NullMarked
package io.podtls.examples.httpsserver;

import org.jspecify.annotations.NullMarked;
