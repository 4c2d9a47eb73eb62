/** Trust: immutable bundles of CA certificates and the places they come from. */
@NullMarked
package io.podtls.trust;

import org.jspecify.annotations.NullMarked;
