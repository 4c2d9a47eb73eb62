/**
 * A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager as
 * processes on loopback, and the objects that a test needs in them.
 *
 * <p>{@link io.podtls.controlplane.RequiresControlPlane} on a test class is all the set-up; a test
 * method then takes a {@link io.podtls.controlplane.Cluster} or a {@link
 * io.podtls.controlplane.ControlPlane} as a parameter.
 */
@NullMarked
package io.podtls.controlplane;

import org.jspecify.annotations.NullMarked;
