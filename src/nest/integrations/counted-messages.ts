import { Observable } from 'rxjs';
import type { SocketMessages } from '../../websockets/messages.js';

/** How Nest turns the result of a message handler into the replies that an adapter sends. */
export type RepliesTo = (result: unknown) => Observable<unknown>;

/**
 * Counts each message until its first reply has been sent, or no reply is possible. Later replies are a stream, which
 * ends with its socket. If the client has disconnected, the handler is still awaited.
 */
export function counted(repliesTo: RepliesTo, messages: SocketMessages): RepliesTo {
  return (result) => {
    const replies = repliesTo(result);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      messages.end();
    };
    messages.begin();
    return new Observable((subscriber) => {
      const subscription = replies.subscribe({
        next: (reply) => {
          subscriber.next(reply);
          end();
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      return () => {
        subscription.unsubscribe();
        if (!isOver) void Promise.resolve(result).then(end, end);
      };
    });
  };
}
