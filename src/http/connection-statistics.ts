/** Numbers of a server's current connections by state, and of earlier ones by how they ended. */
export type ConnectionStatistics = {
  readonly open: number;
  /** Kept alive between two requests. */
  readonly idle: number;
  /** Working on a request, up to the last byte of its response. */
  readonly inFlight: number;
  /** Accepted, but nothing received yet; includes TLS handshakes in progress. */
  readonly silent: number;
  /** The header of a request has been received in part. */
  readonly halfSent: number;
  /** Handed over to another protocol: WebSockets, tunnels. */
  readonly upgraded: number;
  /** Requests in flight, without exempt ones such as probes. */
  readonly requests: number;
  /** Ended between two requests, since the server was created. */
  readonly retired: number;
  /** Requests that were answered since the announcement began, without exempt and late ones. */
  readonly drained: number;
  /** Requests that arrived in or after `quiesce`, without exempt ones. */
  readonly late: number;
  /** Requests and sockets that were ended before they were finished. */
  readonly cut: number;
};
