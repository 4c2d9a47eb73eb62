/**
 * Keys and certificates: pending (a key and its PKCS#10 request) and complete (a key and its
 * chain).
 */
@NullMarked
package io.podtls.identity;

import org.jspecify.annotations.NullMarked;
