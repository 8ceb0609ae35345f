import { answersItself, losesNothing, survivesItsBroker } from './microservices.js';

losesNothing('redis');
answersItself('redis');
survivesItsBroker('redis');
