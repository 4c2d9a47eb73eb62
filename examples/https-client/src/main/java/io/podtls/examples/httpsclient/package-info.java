/** A client that trusts one CA bundle and nothing else. */
@NullMarked
package io.podtls.examples.httpsclient;

import org.jspecify.annotations.NullMarked;
