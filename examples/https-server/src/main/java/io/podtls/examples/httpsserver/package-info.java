/**
 * The main job: get a certificate through {@code certificates.k8s.io}, serve HTTPS with it, connect
 * as a client that trusts the CA and nothing else. What an application does is in {@link
 * io.podtls.examples.httpsserver.Main}; the rest finds a cluster and prints.
 */
@NullMarked
package io.podtls.examples.httpsserver;

import org.jspecify.annotations.NullMarked;
