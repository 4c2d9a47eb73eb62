/** The port to whoever signs: how a pending identity is submitted and what becomes of it. */
@NullMarked
package io.podtls.signing;

import org.jspecify.annotations.NullMarked;
