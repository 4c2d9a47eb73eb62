/**
 * The flow of the Kubernetes page "Manage TLS Certificates in a Cluster" by files and an
 * administrator: core alone, no Kubernetes client.
 */
@NullMarked
package io.podtls.examples.manual;

import org.jspecify.annotations.NullMarked;
