/** Generations of identity and trust behind one SSLContext. Not exported. */
@NullMarked
package io.podtls.rotation;

import org.jspecify.annotations.NullMarked;
