// FerretDB in front of a PostgreSQL with DocumentDB: listens at the first argument, keeps its data at the second,
// its own state in the folder of the third.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/v2/ferretdb"
)

func main() {
	telemetry := false
	config := ferretdb.Config{ListenAddr: os.Args[1], PostgreSQLURL: os.Args[2], StateDir: os.Args[3], Telemetry: &telemetry}
	server, err := ferretdb.New(&config)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server.Run(ctx)
}
