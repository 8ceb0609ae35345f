import { Controller, Get, Header, Sse, type MessageEvent } from '@nestjs/common';
import { ShutdownCoordinator, ShutdownStream, watchProgress } from 'nestjs-drain';
import { map, type Observable } from 'rxjs';

const PAGE = `<!doctype html>
<title>Progress</title>
<pre id="progress"></pre>
<script>
  new EventSource('/progress').addEventListener('message', ({ data }) => {
    document.getElementById('progress').textContent = JSON.stringify(JSON.parse(data), null, 2);
  });
</script>
`;

@Controller()
export class DashboardController {
  constructor(private readonly coordinator: ShutdownCoordinator) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  /** Goes on for the first second of the drain, which is as long as an open dashboard delays a shutdown. */
  @Sse('progress')
  @ShutdownStream({ policy: 'finish', maxMs: 1_000 })
  progress(): Observable<MessageEvent> {
    return watchProgress(this.coordinator).pipe(map((progress) => ({ data: progress })));
  }
}
