/** The connections of a server at this moment, and what became of earlier ones. */
export type ConnectionStatistics = {
  readonly open: number;
  /** Kept alive between two requests. */
  readonly idle: number;
  /** Working on a request, up to the last byte of its response. */
  readonly inFlight: number;
  /** Accepted, and silent so far; TLS handshakes under way included. */
  readonly silent: number;
  /** In the middle of sending a request's header. */
  readonly halfSent: number;
  /** Handed over to another protocol: WebSockets, tunnels. */
  readonly upgraded: number;
  /** Requests that are being worked on; exempt ones, such as a probe, do not count. */
  readonly requests: number;
  /** Ended between two requests, since the server was created. */
  readonly retired: number;
  /** Requests that arrived in or after `quiesce`, exempt ones excluded. */
  readonly late: number;
  /** Requests and sockets that were ended unfinished. */
  readonly cut: number;
};
