/** Where identities come from: requested, mounted, or mounted and else requested. */
@NullMarked
package io.podtls.supply;

import org.jspecify.annotations.NullMarked;
