/** The port to the signer: how a pending identity is submitted, and the outcomes. */
@NullMarked
package io.podtls.signing;

import org.jspecify.annotations.NullMarked;
