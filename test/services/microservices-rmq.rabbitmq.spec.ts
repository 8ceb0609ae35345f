import { losesNothing, survivesItsBroker } from './microservices.js';

losesNothing('rmq');
losesNothing('rmq-noack');
survivesItsBroker('rmq');
