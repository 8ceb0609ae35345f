declare module 'express-4' {
  import express from 'express';

  /** Express 4 under a name of its own; its types are near enough to those of Express 5. */
  export default express;
}
