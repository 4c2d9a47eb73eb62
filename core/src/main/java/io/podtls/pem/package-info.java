/** Textual encodings of RFC 7468, read tolerantly and written strictly. Not exported. */
@NullMarked
package io.podtls.pem;

import org.jspecify.annotations.NullMarked;
