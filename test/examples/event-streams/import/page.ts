/** All that a page needs: `EventSource` comes back by itself, and says what it has seen. */
export const PAGE = `<!doctype html>
<title>Import</title>
<p id="state">connecting</p>
<ol id="steps"></ol>
<script>
  const show = (state) => (document.getElementById('state').textContent = state);
  const events = new EventSource('/import/progress');
  events.addEventListener('open', () => show('connected'));
  events.addEventListener('message', ({ data }) => {
    const { step, of, by } = JSON.parse(data);
    const item = document.createElement('li');
    item.textContent = step + ' of ' + of + ', by ' + by;
    document.getElementById('steps').append(item);
  });
  events.addEventListener('shutdown', () => show('this instance ends, going to another one'));
  events.addEventListener('done', () => {
    events.close();
    show('done');
  });
</script>
`;
