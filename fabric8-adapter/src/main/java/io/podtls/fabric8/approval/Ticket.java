package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;

/** One CertificateSigningRequest; another of the same name later is another one. */
record Ticket(String name, String uid) {

  static Ticket of(CertificateSigningRequest csr) {
    return new Ticket(csr.getMetadata().getName(), csr.getMetadata().getUid());
  }
}
