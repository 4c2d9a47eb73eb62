/**
 * What an example runs on where no cluster is in reach: a double of the Kubernetes API server for
 * certificate signing requests, inside the process, with a demonstration approver and signer.
 *
 * <p>For looking at the examples and nothing else: it speaks plain HTTP on the loopback interface,
 * keeps everything in memory, and its approver says yes to everybody.
 */
@NullMarked
package io.podtls.examples.embedded;

import org.jspecify.annotations.NullMarked;
