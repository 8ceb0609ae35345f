#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <unistd.h>

/* A cluster of one broker, of librdkafka's own tests. Prints where it listens, and runs until it is killed. */
int main(int argc, char **argv) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
  if (!client) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, 1);
  for (int topic = 1; topic < argc; topic++) rd_kafka_mock_topic_create(cluster, argv[topic], 4, 1);
  printf("ready at %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  fflush(stdout);
  for (;;) pause();
}
